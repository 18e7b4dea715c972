-- On how many hosts does each service run? Spark's planner makes the two steps by itself.
SELECT service, count(DISTINCT host) AS hosts
FROM {{logs}}
GROUP BY service
