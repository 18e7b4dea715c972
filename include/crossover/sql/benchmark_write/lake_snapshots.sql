-- The snapshots that a reader can see. Parameters: {{table}}.
SELECT snapshot_id FROM {{table}}.snapshots
