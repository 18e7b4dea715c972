-- Which snapshot brought each probe: the one that added the file it lies in.
-- Parameters: {{table}}; :prefix = how the probes' event_ids begin.
SELECT probes.event_id, entries.snapshot_id
FROM (SELECT event_id, _file AS file FROM {{table}} WHERE startswith(event_id, :prefix)) probes
JOIN (SELECT snapshot_id, data_file.file_path AS file FROM {{table}}.entries WHERE status < 2) entries USING (file)
