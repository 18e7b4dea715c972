-- For the rest of the transaction, so that what is made is the role's own. Parameters: {{role}}.
SET LOCAL ROLE {{role}}
