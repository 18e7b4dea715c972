-- How far each sink has come. Parameters: {{sink}} = sink_offset or lake_offset; topics.
SELECT topic, partition, next_offset FROM {{sink}} WHERE topic = ANY(%(topics)s)
