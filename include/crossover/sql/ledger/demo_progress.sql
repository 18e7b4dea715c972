-- How far a quickstart run has come. Parameters: name = its dataset and benchmark run.
SELECT
  (SELECT coalesce(sum(acked), 0) FROM ledger_producer WHERE dataset = %(name)s),
  (SELECT coalesce(sum(rows), 0) FROM sink_offset WHERE topic IN ('logs.raw.' || %(name)s, 'events.activity.' || %(name)s)),
  (SELECT coalesce(sum(next_offset), 0) FROM lake_offset WHERE topic IN ('logs.raw.' || %(name)s, 'events.activity.' || %(name)s)),
  (SELECT count(*) FROM benchmark_cell WHERE run_id = %(name)s)
