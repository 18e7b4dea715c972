-- Per producer: rows, distinct ids, first and last sequence number. Parameters: {{relation}}.
-- An id that no crossover producer made (no PRODUCER:SEQ) is counted under the name of the whole rest, '(foreign)'.
SELECT
  coalesce(substring(event_id FROM '^(.*):[0-9]+$'), '(foreign)') AS producer,
  count(*) AS rows,
  count(DISTINCT event_id) AS distinct_ids
FROM {{relation}}
GROUP BY 1
ORDER BY 1
