-- Names of all roles. No parameters.
SELECT rolname FROM pg_roles
