-- How many messages of each service are like the pattern?
SELECT service, count(*) AS records
FROM {{logs}}
WHERE message LIKE $pattern
GROUP BY service
