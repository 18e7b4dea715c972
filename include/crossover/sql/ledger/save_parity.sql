-- The ledger's finding. Parameters: the columns of ledger_parity, by name.
INSERT INTO ledger_parity (dataset, kind, acked, unknown, duplicates, postgres, lake, lost, twice, equal)
VALUES (%(dataset)s, %(kind)s, %(acked)s, %(unknown)s, %(duplicates)s, %(postgres)s, %(lake)s, %(lost)s, %(twice)s, %(equal)s)
ON CONFLICT (dataset, kind) DO UPDATE SET
  acked = EXCLUDED.acked, unknown = EXCLUDED.unknown, duplicates = EXCLUDED.duplicates, postgres = EXCLUDED.postgres,
  lake = EXCLUDED.lake, lost = EXCLUDED.lost, twice = EXCLUDED.twice, equal = EXCLUDED.equal, checked_at = now()
