-- Parameters: {{table}}.
DROP TABLE {{table}}
