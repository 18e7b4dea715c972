-- The ten endpoints with the highest 95th percentile (exact, interpolated) of response_time_ms.
-- Rounded before sorting: the last bits of an interpolation differ between engines.
SELECT endpoint, count(*) AS records,
  round(percentile_cont(0.95) WITHIN GROUP (ORDER BY response_time_ms)::numeric, 6)::double precision AS p95_ms
FROM {{logs}}
WHERE endpoint IS NOT NULL AND response_time_ms IS NOT NULL
GROUP BY endpoint
ORDER BY p95_ms DESC, endpoint COLLATE "C"
LIMIT 10
