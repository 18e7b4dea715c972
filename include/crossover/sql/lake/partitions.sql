-- Day partitions with their live files. Parameters: {{table}}.
SELECT partition.timestamp_day AS day, count(*) AS files, sum(file_size_in_bytes) AS bytes, sum(record_count) AS rows
FROM {{table}}.files
WHERE content = 0
GROUP BY partition.timestamp_day
ORDER BY day
