-- Tell all sessions of this database that a benchmark measures, and in whose name: shared, so nobody waits.
-- Parameters: key (integer), name. It ends with measuring_end.sql, or with the session.
SELECT pg_advisory_lock_shared(%(key)s, 0), set_config('application_name', %(name)s, false)
