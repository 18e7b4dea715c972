-- How many records has each hour (UTC, the session's zone) from `first` to just before `next`?
SELECT date_trunc('hour', "timestamp") AS hour, count(*) AS records
FROM {{logs}}
WHERE "timestamp" >= $first AND "timestamp" < $next
GROUP BY 1
ORDER BY 1
