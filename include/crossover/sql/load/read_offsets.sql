-- Where the loader stands in each partition that it has read. No parameters.
SELECT topic, partition, next_offset FROM sink_offset;
