-- The indexes of table %(table)s, quoted; dropping one drops it in all partitions.
SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = to_regclass(%(table)s)
