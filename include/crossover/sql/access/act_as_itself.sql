-- Parameters: {{role}}.
ALTER ROLE {{role}} RESET role
