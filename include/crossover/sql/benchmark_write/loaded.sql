-- What the loader has read of topic %(topic)s: messages, and rows that they gave.
SELECT coalesce(sum(next_offset), 0)::bigint, coalesce(sum(rows), 0)::bigint FROM sink_offset WHERE topic = %(topic)s
