-- Forget a table and delete its files, which are its own. Parameters: {{table}}.
DROP TABLE IF EXISTS {{table}} PURGE
