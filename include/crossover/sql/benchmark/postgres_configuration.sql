-- What can change the speed of an answer, as this session sees it.
SELECT 'version' AS name, current_setting('server_version') AS value
UNION ALL
SELECT name, current_setting(name)
FROM pg_settings
WHERE name IN ('shared_buffers', 'effective_cache_size', 'work_mem', 'hash_mem_multiplier', 'random_page_cost', 'jit',
  'max_worker_processes', 'max_parallel_workers', 'max_parallel_workers_per_gather', 'parallel_leader_participation',
  'effective_io_concurrency', 'io_method', 'enable_partitionwise_aggregate', 'statement_timeout', 'TimeZone')
ORDER BY name
