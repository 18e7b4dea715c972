-- One size of a run's ladder. Parameters: the columns of benchmark_rung, by name.
INSERT INTO benchmark_rung (run_id, size_rows, kind, rows, snapshot_id, bounds, postgres_table, fingerprint, proofs)
VALUES (%(run_id)s, %(size_rows)s, %(kind)s, %(rows)s, %(snapshot_id)s, %(bounds)s, %(postgres_table)s, %(fingerprint)s, %(proofs)s)
ON CONFLICT (run_id, size_rows, kind) DO UPDATE SET
  rows = EXCLUDED.rows, snapshot_id = EXCLUDED.snapshot_id, bounds = EXCLUDED.bounds,
  postgres_table = EXCLUDED.postgres_table, fingerprint = EXCLUDED.fingerprint,
  proofs = EXCLUDED.proofs
