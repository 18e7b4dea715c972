-- The ten endpoints with the highest 95th percentile (exact, interpolated) of response_time_ms.
-- Rounded before sorting: the last bits of an interpolation differ between engines.
SELECT endpoint, count(*) AS records, round(quantile_cont(response_time_ms, 0.95), 6) AS p95_ms
FROM {{logs}}
WHERE endpoint IS NOT NULL AND response_time_ms IS NOT NULL
GROUP BY endpoint
ORDER BY p95_ms DESC, endpoint
LIMIT 10
