-- The newest %(most)s runs with what a list shows of each: counts, sizes, and the sentence that its report has kept.
SELECT r.run_id, r.dataset, r.started_at,
  (r.stamp ->> 'valid')::boolean AS valid,
  coalesce(r.stamp #>> '{reasons,0}', '') AS first_reason,
  coalesce(jsonb_array_length(r.stamp -> 'reasons'), 0) AS reasons,
  coalesce(c.cells, 0) AS cells,
  coalesce(c.errors, 0) AS errors,
  coalesce(c.disagreements, 0) AS disagreements,
  coalesce(c.cases, 0) AS cases,
  coalesce(c.sizes, 0) AS sizes,
  coalesce(c.smallest, 0) AS smallest,
  coalesce(c.largest, 0) AS largest,
  coalesce(c.engines, '{}') AS engines,
  (SELECT count(*) FROM benchmark_figure f WHERE f.run_id = r.run_id AND f.name <> %(headline)s) AS figures,
  coalesce(
    (SELECT f.note FROM benchmark_figure f WHERE f.run_id = r.run_id AND f.name = %(headline)s LIMIT 1), ''
  ) AS headline
FROM (SELECT * FROM benchmark_run ORDER BY started_at DESC, run_id DESC LIMIT %(most)s) r
LEFT JOIN LATERAL (
  SELECT count(*) AS cells,
    count(*) FILTER (WHERE error IS NOT NULL) AS errors,
    count(*) FILTER (WHERE answers_agree = false) AS disagreements,
    count(DISTINCT case_name) AS cases,
    count(DISTINCT size_rows) AS sizes,
    min(rows) AS smallest,
    max(rows) AS largest,
    array_agg(DISTINCT engine ORDER BY engine) AS engines
  FROM benchmark_cell WHERE run_id = r.run_id
) c ON true
ORDER BY r.started_at DESC, r.run_id DESC
