-- What only the server itself knows; cores = tasks that run at once, as Spark splits work by default. Parameters: {{catalog}} = the Iceberg catalog.
SELECT
  {{catalog}}.system.iceberg_version() AS iceberg,
  java_method('java.lang.System', 'getProperty', 'java.version') AS java,
  count(DISTINCT part) AS cores
FROM (SELECT spark_partition_id() AS part FROM range(0, 1000))
