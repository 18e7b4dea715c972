-- The middle one of the days (UTC) that have records.
WITH days AS (SELECT DISTINCT date_trunc('day', "timestamp", 'UTC') AS day FROM {{logs}})
SELECT day AS "first", day + interval '24 hours' AS "next"
FROM days
ORDER BY day
OFFSET (SELECT count(*) / 2 FROM days)
LIMIT 1
