"""The lake: Iceberg tables on HDFS. Their names, their catalog, their layouts, and how they are kept healthy."""
