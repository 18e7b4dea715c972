-- What can change the speed of an answer, as this session sees it.
SELECT name, value
FROM duckdb_settings()
WHERE name IN ('threads', 'external_threads', 'memory_limit', 'TimeZone', 'enable_external_file_cache',
  'validate_external_file_cache', 'parquet_metadata_cache', 'preserve_insertion_order')
ORDER BY name
