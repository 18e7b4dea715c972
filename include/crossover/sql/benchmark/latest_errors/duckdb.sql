-- The newest 100 records of one level. Ties in time are broken by event_id, byte by byte as DuckDB compares text.
SELECT event_id, "timestamp", service, host, message
FROM {{logs}}
WHERE level = $level
ORDER BY "timestamp" DESC, event_id DESC
LIMIT 100
