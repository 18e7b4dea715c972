"""Who may do what in PostgreSQL, Kafka and HDFS: declared on one page, made so by one command, safe to run again."""
