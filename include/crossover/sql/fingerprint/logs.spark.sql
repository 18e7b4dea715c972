-- The same in Spark's dialect, in two halves of 32 bits: a sum of them stays BIGINT, which is twice as fast as DECIMAL. Parameters: {{relation}}.
SELECT
  day, count(*) AS rows, sum(CAST(conv(left(hash, 8), 16, 10) AS BIGINT)) AS high, sum(CAST(conv(substr(hash, 9, 8), 16, 10) AS BIGINT)) AS low
FROM (
  SELECT CAST(`timestamp` AS DATE) AS day, md5(CAST(concat(
    event_id, char(31), unix_micros(`timestamp`), char(31), level, char(31), service, char(31), host, char(31), message, char(31),
    coalesce(metadata, char(30)), char(31), coalesce(request_id, char(30)), char(31),
    coalesce(CAST(CAST(rint(response_time_ms * 1000) AS BIGINT) AS STRING), char(30)), char(31), coalesce(CAST(status_code AS STRING), char(30)), char(31),
    coalesce(endpoint, char(30)), char(31), coalesce(method, char(30)), char(31), kafka_partition, char(31), kafka_offset, char(31), batch_index
  ) AS BINARY)) AS hash
  FROM {{relation}}
)
GROUP BY day
