-- All of a run's copies. Parameters: {{schema}}.
DROP SCHEMA IF EXISTS {{schema}} CASCADE
