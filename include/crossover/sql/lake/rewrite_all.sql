-- Iceberg's own rewrite of every partition. Parameters: {{catalog}}, {{table}} (without the catalog).
CALL {{catalog}}.system.rewrite_data_files(
  table => '{{table}}',
  strategy => 'binpack',
  options => map('rewrite-all', 'true', 'target-file-size-bytes', '134217728', 'max-concurrent-file-group-rewrites', '2',
                 'partial-progress.enabled', 'false')
)
