-- One timed execution. Parameters: the columns of benchmark_sample, by name (case_name is `case`).
INSERT INTO benchmark_sample
  (run_id, case_name, engine, size_rows, layout, cache_state, condition, repetition, seconds, answer_rows, answer_hash,
   error, arm, block)
VALUES
  (%(run_id)s, %(case)s, %(engine)s, %(size_rows)s, %(layout)s, %(cache_state)s, %(condition)s, %(repetition)s,
   %(seconds)s, %(answer_rows)s, %(answer_hash)s, %(error)s, %(arm)s, %(block)s)
ON CONFLICT (run_id, case_name, engine, size_rows, layout, cache_state, condition, repetition) DO UPDATE SET
  seconds = EXCLUDED.seconds, answer_rows = EXCLUDED.answer_rows, answer_hash = EXCLUDED.answer_hash,
  error = EXCLUDED.error, arm = EXCLUDED.arm, block = EXCLUDED.block, taken_at = now()
