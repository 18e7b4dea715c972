-- The samples of run %(run_id)s: first the key of their cell, then the sample.
SELECT case_name AS "case", engine, size_rows, layout, cache_state, condition,
  repetition, seconds, answer_rows, answer_hash, error, arm, block
FROM benchmark_sample
WHERE run_id = %(run_id)s
ORDER BY repetition
