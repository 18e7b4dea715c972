-- Parameters: {{index}}.
DROP INDEX {{index}}
