-- What only the server itself knows. Parameters: {{catalog}} = the Iceberg catalog.
SELECT
  {{catalog}}.system.iceberg_version() AS iceberg,
  java_method('java.lang.System', 'getProperty', 'java.version') AS java,
  count(DISTINCT part) AS `default parallelism`
FROM (SELECT spark_partition_id() AS part FROM range(0, 1000))
