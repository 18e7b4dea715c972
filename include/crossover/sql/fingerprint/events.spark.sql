-- The same in Spark's dialect, in two halves of 32 bits: a sum of them stays BIGINT, which is twice as fast as DECIMAL. Parameters: {{relation}}.
SELECT
  day, count(*) AS rows, sum(CAST(conv(left(hash, 8), 16, 10) AS BIGINT)) AS high, sum(CAST(conv(substr(hash, 9, 8), 16, 10) AS BIGINT)) AS low
FROM (
  SELECT CAST(`timestamp` AS DATE) AS day, md5(CAST(concat(
    event_id, char(31), unix_micros(`timestamp`), char(31), user_id, char(31), session_id, char(31), event_type, char(31),
    coalesce(event_data, char(30)), char(31), coalesce(device_type, char(30)), char(31), coalesce(device_os, char(30)), char(31),
    coalesce(device_browser, char(30)), char(31), kafka_partition, char(31), kafka_offset, char(31), batch_index
  ) AS BINARY)) AS hash
  FROM {{relation}}
)
GROUP BY day
