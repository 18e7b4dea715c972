-- A second table on the same files. Parameters: {{catalog}}, {{table}}, {{metadata_file}}.
CALL {{catalog}}.system.register_table(table => '{{table}}', metadata_file => '{{metadata_file}}')
