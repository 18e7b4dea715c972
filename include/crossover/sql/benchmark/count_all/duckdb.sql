-- How many records are there?
SELECT count(*) AS records
FROM {{logs}}
