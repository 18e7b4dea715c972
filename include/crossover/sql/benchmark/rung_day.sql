-- One day of a rung. It is a copy: it need not survive a crash, and nothing may vacuum it while it is timed.
-- Parameters: {{day}}, {{table}}, {{bound}}.
CREATE UNLOGGED TABLE {{day}} PARTITION OF {{table}} {{bound}} WITH (autovacuum_enabled = false)
