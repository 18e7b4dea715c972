-- The schema of a run's write tables. Parameters: {{schema}}.
CREATE SCHEMA IF NOT EXISTS {{schema}}
