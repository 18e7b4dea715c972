"""Makes records, synthetic or read from real log files, and posts them to ingest."""
