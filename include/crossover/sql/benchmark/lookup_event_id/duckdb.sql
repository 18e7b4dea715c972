-- The whole record with this event_id.
SELECT event_id, "timestamp", level, service, host, message, metadata, request_id, response_time_ms,
  status_code, endpoint, method
FROM {{logs}}
WHERE event_id = $event_id
