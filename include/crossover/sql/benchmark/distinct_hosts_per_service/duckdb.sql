-- On how many hosts does each service run?
SELECT service, count(DISTINCT host) AS hosts
FROM {{logs}}
GROUP BY service
