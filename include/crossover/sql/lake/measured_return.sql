-- What the newest run that measured it tells of compaction: query times by file count, what rewrites cost and read.
-- A run that was found invalid is passed over. No parameters.
SELECT run_id, name, dimensions, values
FROM benchmark_figure
WHERE name IN ('compaction_curve', 'compaction_cost', 'compaction_read')
  AND run_id = (
    SELECT run_id
    FROM benchmark_figure JOIN benchmark_run USING (run_id)
    WHERE name = 'compaction_curve' AND (stamp ->> 'valid')::boolean IS DISTINCT FROM false
    ORDER BY started_at DESC
    LIMIT 1
  )
ORDER BY name, dimensions
