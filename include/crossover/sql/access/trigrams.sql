-- Layout indexed searches messages by trigrams; only a superuser makes the extension available to all. No parameters.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public
