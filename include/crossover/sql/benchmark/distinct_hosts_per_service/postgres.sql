-- On how many hosts does each service run?
-- Written in two steps because count(DISTINCT host) sorts all rows in one process: ten times slower here.
SELECT service, count(*) AS hosts
FROM (SELECT DISTINCT service, host FROM {{logs}}) AS pairs
GROUP BY service
