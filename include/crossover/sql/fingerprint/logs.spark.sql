-- The same in Spark's dialect. Parameters: {{relation}}.
SELECT
  CAST(`timestamp` AS DATE) AS day,
  count(*) AS rows,
  sum(CAST(conv(substr(md5(CAST(concat(
    event_id, char(31), unix_micros(`timestamp`), char(31), level, char(31), service, char(31), host, char(31), message, char(31),
    coalesce(metadata, char(30)), char(31), coalesce(request_id, char(30)), char(31),
    coalesce(CAST(CAST(rint(response_time_ms * 1000) AS BIGINT) AS STRING), char(30)), char(31), coalesce(CAST(status_code AS STRING), char(30)), char(31),
    coalesce(endpoint, char(30)), char(31), coalesce(method, char(30)), char(31), kafka_partition, char(31), kafka_offset, char(31), batch_index
  ) AS BINARY)), 1, 15), 16, 10) AS DECIMAL(20, 0))) AS hash_sum
FROM {{relation}}
GROUP BY 1
