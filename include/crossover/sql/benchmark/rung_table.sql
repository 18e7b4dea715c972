-- An empty copy of a dataset's table for one size of a ladder. Parameters: {{schema}}, {{table}}, {{source}}.
CREATE SCHEMA IF NOT EXISTS {{schema}};
DROP TABLE IF EXISTS {{table}};
CREATE TABLE {{table}} (LIKE {{source}}) PARTITION BY RANGE ("timestamp");
