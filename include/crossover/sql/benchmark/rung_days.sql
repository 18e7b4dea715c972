-- The day partitions of table %(source)s: quoted names and bounds.
SELECT format('%%I.%%I', n.nspname, c.relname) AS source, quote_ident(c.relname) AS name,
  pg_get_expr(c.relpartbound, c.oid) AS bound
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.inhparent = to_regclass(%(source)s)
ORDER BY c.relname
