-- The ladder of run %(run_id)s.
SELECT size_rows, kind, rows, snapshot_id, bounds, postgres_table, fingerprint, proofs
FROM benchmark_rung
WHERE run_id = %(run_id)s
ORDER BY size_rows, kind
