-- Claim a partition for the first time. No row is inserted when another writer did it before.
-- Parameters: topic, partition, next_offset, rows, poison.
INSERT INTO sink_offset (topic, partition, next_offset, rows, poison)
VALUES (%(topic)s, %(partition)s, %(next_offset)s, %(rows)s, %(poison)s)
ON CONFLICT (topic, partition) DO NOTHING;
