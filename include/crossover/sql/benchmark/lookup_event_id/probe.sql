-- The event_id in the middle of the first Kafka partition.
WITH part AS (
  SELECT kafka_partition, (min(kafka_offset) + max(kafka_offset)) / 2 AS middle
  FROM {{logs}}
  GROUP BY kafka_partition
  ORDER BY kafka_partition
  LIMIT 1
)
SELECT event_id
FROM {{logs}} JOIN part USING (kafka_partition)
WHERE kafka_offset >= middle
ORDER BY kafka_offset, batch_index
LIMIT 1
