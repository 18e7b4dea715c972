-- Let the table stand at a snapshot of its history. Parameters: {{catalog}}, {{table}}, {{snapshot_id}}.
CALL {{catalog}}.system.set_current_snapshot(table => '{{table}}', snapshot_id => {{snapshot_id}})
