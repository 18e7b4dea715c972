-- Forget one snapshot and delete the files that only it has. Parameters: {{catalog}}, {{table}}, {{snapshot_id}}.
CALL {{catalog}}.system.expire_snapshots(table => '{{table}}', snapshot_ids => ARRAY({{snapshot_id}}))
