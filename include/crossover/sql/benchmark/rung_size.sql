-- Bytes on disk of table %(table)s with its partitions and indexes.
SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint FROM pg_partition_tree(to_regclass(%(table)s))
