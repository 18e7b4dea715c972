-- Where in Kafka the probes came from. Parameters: {{relation}}; %(probes)s = their event_ids.
SELECT event_id, kafka_partition, kafka_offset FROM {{relation}} WHERE event_id = ANY(%(probes)s)
