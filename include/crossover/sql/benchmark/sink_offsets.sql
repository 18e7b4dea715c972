-- How far the loader is in topic %(topic)s.
SELECT partition, next_offset FROM sink_offset WHERE topic = %(topic)s
