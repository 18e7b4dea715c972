-- What a producer says that it sent, so far or in the end. Parameters: the columns of ledger_producer, by name.
INSERT INTO ledger_producer
  (dataset, kind, producer, sent, acked, rejected, unknown, duplicates, missed, finished)
VALUES
  (%(dataset)s, %(kind)s, %(producer)s, %(sent)s, %(acked)s, %(rejected)s, %(unknown)s, %(duplicates)s, %(missed)s, %(finished)s)
ON CONFLICT (dataset, kind, producer) DO UPDATE SET
  sent = EXCLUDED.sent, acked = EXCLUDED.acked, rejected = EXCLUDED.rejected, unknown = EXCLUDED.unknown,
  duplicates = EXCLUDED.duplicates, missed = EXCLUDED.missed, finished = EXCLUDED.finished, updated_at = now()
