-- The table's present metadata file. Parameters: {{table}}.
SELECT file FROM {{table}}.metadata_log_entries ORDER BY `timestamp` DESC, latest_sequence_number DESC LIMIT 1
