-- One table of the lake. Parameters: {{table}}, {{columns}} = its columns as records.py gives them.
-- Format v2: a later compaction copies row groups byte for byte, which v3's row lineage would not survive.
-- The writer's own order is kept (no shuffle before the files), and a commit that collides is tried again for long.
CREATE TABLE IF NOT EXISTS {{table}} ({{columns}})
USING iceberg
PARTITIONED BY (days(`timestamp`))
TBLPROPERTIES (
  'format-version' = '2',
  'write.distribution-mode' = 'none',
  'write.parquet.compression-codec' = 'zstd',
  'write.metadata.delete-after-commit.enabled' = 'true',
  'write.metadata.previous-versions-max' = '100',
  'commit.retry.num-retries' = '20'
)
