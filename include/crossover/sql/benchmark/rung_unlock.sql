-- The end of rung_lock.sql. Parameters: run_id.
SELECT pg_advisory_unlock(hashtext('crossover rungs ' || %(run_id)s))
