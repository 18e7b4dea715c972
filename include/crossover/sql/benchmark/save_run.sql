-- The header of a run; its layouts are run one after another and each adds its part.
-- No row comes back when the run id belongs to another dataset, or to an imported run.
INSERT INTO benchmark_run (run_id, dataset, started_at, environment, settings)
VALUES (%(run_id)s, %(dataset)s, %(started_at)s, %(environment)s, %(settings)s)
ON CONFLICT (run_id) DO UPDATE SET
  environment = benchmark_run.environment || EXCLUDED.environment,
  settings = benchmark_run.settings || EXCLUDED.settings
WHERE benchmark_run.dataset = EXCLUDED.dataset AND NOT benchmark_run.environment ? 'imported from run'
