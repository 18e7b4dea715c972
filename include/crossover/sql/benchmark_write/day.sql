-- One day of a partitioned table. Parameters: {{table}}, {{day}} = its name, {{first}} and {{next}} = UTC days.
CREATE TABLE {{day}} PARTITION OF {{table}}
  FOR VALUES FROM ('{{first}} 00:00:00+00') TO ('{{next}} 00:00:00+00') WITH (autovacuum_enabled = false)
