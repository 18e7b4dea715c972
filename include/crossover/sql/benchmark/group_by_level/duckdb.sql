-- How many records has each level?
SELECT level, count(*) AS records
FROM {{logs}}
GROUP BY level
