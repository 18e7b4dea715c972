-- Iceberg's own rewrite of every partition into files of about one size.
-- Parameters: {{catalog}}, {{table}} (without the catalog), {{bytes}} = size of a file.
CALL {{catalog}}.system.rewrite_data_files(
  table => '{{table}}',
  strategy => 'binpack',
  options => map('rewrite-all', 'true', 'target-file-size-bytes', '{{bytes}}',
                 'max-concurrent-file-group-rewrites', '2', 'partial-progress.enabled', 'false')
)
