-- The rows of a table up to the last offset of each Kafka partition, as a relation named logs.
-- Parameters: {{source}}, {{bounds}} = (partition, last offset), ...
(SELECT source.* FROM {{source}} source JOIN (VALUES {{bounds}}) AS bound (number, last_offset)
 ON source.kafka_partition = bound.number AND source.kafka_offset <= bound.last_offset) AS logs
