-- What was made before the readers were. Parameters: {{schema}}, {{reader}}.
GRANT USAGE ON SCHEMA {{schema}} TO {{reader}};
GRANT SELECT ON ALL TABLES IN SCHEMA {{schema}} TO {{reader}};
