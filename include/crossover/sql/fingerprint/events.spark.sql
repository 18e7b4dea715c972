-- The same in Spark's dialect. Parameters: {{relation}}.
SELECT
  CAST(`timestamp` AS DATE) AS day,
  count(*) AS rows,
  sum(CAST(conv(substr(md5(CAST(concat(
    event_id, char(31), unix_micros(`timestamp`), char(31), user_id, char(31), session_id, char(31), event_type, char(31),
    coalesce(event_data, char(30)), char(31), coalesce(device_type, char(30)), char(31), coalesce(device_os, char(30)), char(31),
    coalesce(device_browser, char(30)), char(31), kafka_partition, char(31), kafka_offset, char(31), batch_index
  ) AS BINARY)), 1, 15), 16, 10) AS DECIMAL(20, 0))) AS hash_sum
FROM {{relation}}
GROUP BY 1
