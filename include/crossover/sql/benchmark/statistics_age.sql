-- What the planner believes of table %(relation)s and its partitions: rows, -1 when never analysed.
-- Nothing comes back when there is no such table.
SELECT c.relname AS name, t.isleaf AS leaf, c.reltuples::float8 AS rows
FROM pg_partition_tree(to_regclass(%(relation)s)) t JOIN pg_class c ON c.oid = t.relid
ORDER BY t.level, c.relname
