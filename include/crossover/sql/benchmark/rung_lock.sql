-- One job at a time prepares a run's copies; a second one waits, then finds them made. Parameters: run_id.
SELECT pg_advisory_lock(hashtext('crossover rungs ' || %(run_id)s))
