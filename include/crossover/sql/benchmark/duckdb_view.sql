-- A name for the data files of one table at one snapshot. Parameters: {{view}}, {{files}} = a list of their addresses.
-- Partition values are columns of the files already; read from the folders' names they would come twice.
CREATE OR REPLACE VIEW {{view}} AS
SELECT *
FROM read_parquet({{files}}, hive_partitioning = false)
