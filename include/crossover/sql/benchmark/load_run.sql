-- The header of run %(run_id)s.
SELECT run_id, dataset, started_at, environment, settings, stamp FROM benchmark_run WHERE run_id = %(run_id)s
