-- Per UTC day: rows, and the sum of the first 64 bits of MD5 over each row's canonical text (to be taken modulo 2**64).
-- Canonical: fields in order, separated by U+001F; NULL is U+001E; times in microseconds; response times in thousandths.
-- Parameters: {{relation}}.
SELECT
  ("timestamp" AT TIME ZONE 'UTC')::date AS day,
  count(*) AS rows,
  sum(('x' || left(md5(concat(
    event_id, chr(31), (extract(epoch FROM "timestamp") * 1000000)::bigint, chr(31), level, chr(31), service, chr(31), host, chr(31), message, chr(31),
    coalesce(metadata::text, chr(30)), chr(31), coalesce(request_id, chr(30)), chr(31),
    coalesce(round(response_time_ms * 1000)::bigint::text, chr(30)), chr(31), coalesce(status_code::text, chr(30)), chr(31),
    coalesce(endpoint, chr(30)), chr(31), coalesce(method, chr(30)), chr(31), kafka_partition, chr(31), kafka_offset, chr(31), batch_index
  )), 16))::bit(64)::bigint) AS hash_sum
FROM {{relation}}
GROUP BY 1
