-- The rows of one day up to the given offset of each Kafka partition, in their order on disk.
-- Parameters: {{day}}, {{source}}; %(partitions)s and %(offsets)s of equal length.
INSERT INTO {{day}}
SELECT s.*
FROM {{source}} s
JOIN unnest(%(partitions)s::integer[], %(offsets)s::bigint[]) AS b (kafka_partition, last_offset)
  ON s.kafka_partition = b.kafka_partition AND s.kafka_offset <= b.last_offset
