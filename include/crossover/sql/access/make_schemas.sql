-- Parameters: {{database}}, {{role}}.
GRANT CREATE ON DATABASE {{database}} TO {{role}}
