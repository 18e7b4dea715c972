-- An empty logged table; nothing may vacuum it while it is timed. Parameters: {{table}}, {{columns}}.
CREATE TABLE {{table}} ({{columns}}) WITH (autovacuum_enabled = false)
