-- How many records has each hour (UTC) from `first` to just before `next`?
SELECT date_trunc('hour', "timestamp", 'UTC') AS hour, count(*) AS records
FROM {{logs}}
WHERE "timestamp" >= %(first)s AND "timestamp" < %(next)s
GROUP BY 1
ORDER BY 1
