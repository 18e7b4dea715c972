-- Three databases with a role each: the stores, the lake's catalog, Airflow. Safe to run again; a password that was
-- changed in .env is taken over.
\set ON_ERROR_STOP on
\getenv crossover CROSSOVER_PASSWORD
\getenv lake LAKE_PASSWORD
\getenv airflow AIRFLOW_DATABASE_PASSWORD

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['crossover', 'lake', 'airflow']) name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE crossover LOGIN PASSWORD :'crossover';
ALTER ROLE lake LOGIN PASSWORD :'lake';
ALTER ROLE airflow LOGIN PASSWORD :'airflow';

SELECT format('CREATE DATABASE %I OWNER %I', name, owner)
FROM (VALUES ('crossover', 'crossover'), ('lake_catalog', 'lake'), ('airflow', 'airflow')) wanted (name, owner)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
REVOKE CONNECT ON DATABASE crossover, lake_catalog, airflow FROM PUBLIC;

-- Before the first two Spark drivers would make them at the same time.
\connect lake_catalog
SET ROLE lake;
\i /etc/crossover-sql/schema/lake_catalog.sql
