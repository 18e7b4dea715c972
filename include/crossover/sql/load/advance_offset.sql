-- Compare and set: no row is updated when another writer has moved the offset.
-- Parameters: topic, partition, expected, next_offset, rows, poison.
UPDATE sink_offset
SET next_offset = %(next_offset)s, rows = rows + %(rows)s, poison = poison + %(poison)s, updated_at = now()
WHERE topic = %(topic)s AND partition = %(partition)s AND next_offset = %(expected)s;
