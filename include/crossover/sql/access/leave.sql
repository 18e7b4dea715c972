-- Parameters: {{group}}, {{role}}.
REVOKE {{group}} FROM {{role}} CASCADE
