-- One import of run %(run_id)s at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('crossover import ' || %(run_id)s, 0))
