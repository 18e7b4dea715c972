-- Names of all databases. No parameters.
SELECT datname FROM pg_database
