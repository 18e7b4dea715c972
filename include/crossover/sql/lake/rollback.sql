-- Undo: let the table stand where it stood. Parameters: {{catalog}}, {{table}}, {{snapshot_id}}.
CALL {{catalog}}.system.rollback_to_snapshot(table => '{{table}}', snapshot_id => {{snapshot_id}})
