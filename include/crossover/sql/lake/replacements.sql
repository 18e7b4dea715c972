-- Rewrites that were committed after a snapshot. Parameters: {{table}}, {{snapshot_id}}.
SELECT
  snapshot_id, parent_id,
  CAST(summary['added-records'] AS BIGINT)      AS added_records,
  CAST(summary['deleted-records'] AS BIGINT)    AS deleted_records,
  CAST(summary['added-data-files'] AS BIGINT)   AS added_files,
  CAST(summary['deleted-data-files'] AS BIGINT) AS deleted_files
FROM {{table}}.snapshots
WHERE operation = 'replace'
  AND committed_at > (SELECT committed_at FROM {{table}}.snapshots WHERE snapshot_id = {{snapshot_id}})
ORDER BY committed_at
