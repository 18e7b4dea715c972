-- A login with its password, hashed on our side so that no log of the server holds it. Parameters: {{role}}, {{verifier}}.
ALTER ROLE {{role}} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '{{verifier}}'
