-- The same in Spark's dialect. Parameters: {{relation}}.
SELECT
  coalesce(nullif(regexp_extract(event_id, '^(.*):[0-9]+$', 1), ''), '(foreign)') AS producer,
  count(*) AS rows,
  count(DISTINCT event_id) AS distinct_ids
FROM {{relation}}
GROUP BY 1
ORDER BY 1
