-- Substring search without reading every message. Parameters: {{table}}.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE INDEX ON {{table}} USING gin (message public.gin_trgm_ops);
