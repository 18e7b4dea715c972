-- The newest 100 records of one level. Ties in time are broken by event_id, byte by byte as Spark compares text.
SELECT event_id, "timestamp", service, host, message
FROM {{logs}}
WHERE level = %(level)s
ORDER BY "timestamp" DESC, event_id COLLATE "C" DESC
LIMIT 100
