-- Where the loader stands in each partition of these topics. Parameters: %(topics)s = array of topic names.
SELECT topic, partition, next_offset
FROM sink_offset
WHERE topic = ANY(%(topics)s)
