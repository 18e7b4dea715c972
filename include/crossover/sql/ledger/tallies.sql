-- What the producers say that they sent. Parameters: dataset, kind.
SELECT producer, acked, rejected, unknown, duplicates, missed, finished
FROM ledger_producer
WHERE dataset = %(dataset)s AND kind = %(kind)s
ORDER BY producer
