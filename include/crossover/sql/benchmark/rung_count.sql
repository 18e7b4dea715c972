-- Rows of a rung. Parameters: {{table}}.
SELECT count(*) FROM {{table}}
