-- How far the records of one producer and dataset have come, and how many seconds ago each place last moved (NULL =
-- never). Parameters: producer, topic = that of its log records.
SELECT
  coalesce((SELECT sum(acked) FROM ledger_producer WHERE producer = %(producer)s), 0)::bigint  AS acknowledged,
  coalesce((SELECT sum(missed) FROM ledger_producer WHERE producer = %(producer)s), 0)::bigint AS missed,
  (SELECT extract(epoch FROM now() - max(updated_at)) FROM ledger_producer WHERE producer = %(producer)s)::float8
                                                                                               AS acknowledged_age,
  coalesce((SELECT sum(rows) FROM sink_offset WHERE topic = %(topic)s), 0)::bigint             AS postgres_rows,
  (SELECT extract(epoch FROM now() - max(updated_at)) FROM sink_offset WHERE topic = %(topic)s)::float8
                                                                                               AS postgres_age,
  coalesce((SELECT sum(next_offset) FROM lake_offset WHERE topic = %(topic)s), 0)::bigint      AS lake_messages,
  (SELECT extract(epoch FROM now() - max(updated_at)) FROM lake_offset WHERE topic = %(topic)s)::float8
                                                                                               AS lake_age
