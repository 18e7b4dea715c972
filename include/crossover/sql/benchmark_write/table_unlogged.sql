-- The same without a write-ahead log: a crash of the server empties it. Parameters: {{table}}, {{columns}}.
CREATE UNLOGGED TABLE {{table}} ({{columns}}) WITH (autovacuum_enabled = false)
