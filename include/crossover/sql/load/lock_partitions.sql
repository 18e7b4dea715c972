-- Held until the end of the transaction: two loaders at once would race in CREATE TABLE IF NOT EXISTS.
SELECT pg_advisory_xact_lock(hashtext('crossover day partitions'));
