-- How many records of one level has each service? Parameters: level.
SELECT service, count(*) AS records
FROM {{logs}}
WHERE level = $level
GROUP BY service
