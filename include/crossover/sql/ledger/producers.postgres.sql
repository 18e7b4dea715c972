-- Per producer: rows and distinct ids. Parameters: {{relation}}.
-- PRODUCER:SEQ is counted by its number, which sorts ten times quicker than the text; an id that no crossover producer
-- made goes under '(foreign)' and is counted by a 64-bit hash of it.
SELECT
  CASE WHEN ours THEN left(event_id, -length(seq) - 1) ELSE '(foreign)' END AS producer,
  count(*) AS rows,
  count(DISTINCT CASE WHEN ours THEN seq::bigint ELSE hashtextextended(event_id, 0) END) AS distinct_ids
FROM (
  SELECT event_id, split_part(event_id, ':', -1) AS seq, event_id ~ '.:[0-9]{1,18}$' AS ours FROM {{relation}}
) ids
GROUP BY 1
ORDER BY 1
