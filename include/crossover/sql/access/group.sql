-- A role that rights hang on and nobody logs in as. Parameters: {{role}}.
ALTER ROLE {{role}} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
