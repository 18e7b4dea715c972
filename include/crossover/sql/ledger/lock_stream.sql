-- One stream a dataset, as long as the session lives. Parameters: dataset. False = somebody has it.
SELECT pg_try_advisory_lock(hashtext('crossover stream ' || %(dataset)s))
