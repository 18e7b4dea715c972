-- All runs, newest first; errors and disagreements count cells.
SELECT r.run_id, r.dataset, r.started_at,
  count(c.run_id) AS cells,
  count(*) FILTER (WHERE c.error IS NOT NULL) AS errors,
  count(*) FILTER (WHERE c.answers_agree = false) AS disagreements,
  (SELECT count(*) FROM benchmark_figure f WHERE f.run_id = r.run_id) AS figures,
  (r.stamp ->> 'valid')::boolean AS valid
FROM benchmark_run r LEFT JOIN benchmark_cell c USING (run_id)
GROUP BY r.run_id
ORDER BY r.started_at DESC, r.run_id DESC
