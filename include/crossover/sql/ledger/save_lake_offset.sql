-- The stream's place after a commit. Parameters: topic, partition, next_offset.
INSERT INTO lake_offset (topic, partition, next_offset) VALUES (%(topic)s, %(partition)s, %(next_offset)s)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset, updated_at = now()
