-- How many records has each service?
SELECT service, count(*) AS records
FROM {{logs}}
GROUP BY service
