-- Iceberg's own rewrite of every closed day that has enough files, in one commit.
-- Parameters: {{catalog}}, {{table}} (without the catalog), {{before}} = first day that is not closed, {{min_files}}.
CALL {{catalog}}.system.rewrite_data_files(
  table => '{{table}}',
  strategy => 'binpack',
  where => "`timestamp` < TIMESTAMP '{{before}} 00:00:00 UTC'",
  options => map('min-input-files', '{{min_files}}', 'target-file-size-bytes', '134217728',
                 'max-concurrent-file-group-rewrites', '2', 'partial-progress.enabled', 'false')
)
