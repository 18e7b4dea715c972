-- Iceberg's own rewrite of the days of a span that have enough files, in one commit.
-- Parameters: {{catalog}}, {{table}} (without the catalog), {{first}} = first day, {{next}} = the day after the last,
-- {{min_files}}.
CALL {{catalog}}.system.rewrite_data_files(
  table => '{{table}}',
  strategy => 'binpack',
  where => "`timestamp` >= TIMESTAMP '{{first}} 00:00:00 UTC' AND `timestamp` < TIMESTAMP '{{next}} 00:00:00 UTC'",
  options => map('min-input-files', '{{min_files}}', 'target-file-size-bytes', '134217728',
                 'max-concurrent-file-group-rewrites', '2', 'partial-progress.enabled', 'false')
)
