-- A role that nothing is granted to yet. Parameters: {{role}}.
CREATE ROLE {{role}}
