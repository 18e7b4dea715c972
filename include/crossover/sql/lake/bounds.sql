-- The last Kafka offset of each partition that a snapshot holds. Parameters: {{relation}}.
SELECT kafka_partition, max(kafka_offset) AS last_offset FROM {{relation}} GROUP BY kafka_partition
