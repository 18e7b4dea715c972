-- Forget a table; its files stay. Parameters: {{table}}.
DROP TABLE IF EXISTS {{table}}
