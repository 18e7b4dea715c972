-- Rows and different event_ids. Parameters: {{table}}.
SELECT count(*), count(DISTINCT event_id) FROM {{table}}
