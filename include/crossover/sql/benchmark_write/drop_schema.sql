-- All of a run's write tables. Parameters: {{schema}}.
DROP SCHEMA IF EXISTS {{schema}} CASCADE
