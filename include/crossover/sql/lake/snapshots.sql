-- Snapshots of the table's present history, oldest first, with what each held. Parameters: {{table}}.
SELECT
  s.snapshot_id,
  s.operation,
  CAST(s.summary['total-records'] AS BIGINT)    AS rows,
  CAST(s.summary['total-data-files'] AS BIGINT) AS files,
  CAST(s.summary['total-files-size'] AS BIGINT) AS bytes
FROM {{table}}.snapshots s
JOIN (SELECT DISTINCT snapshot_id FROM {{table}}.history WHERE is_current_ancestor) h USING (snapshot_id)
ORDER BY s.committed_at
