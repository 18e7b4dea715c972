-- The cells of run %(run_id)s, without their samples.
SELECT case_name AS "case", engine, size_rows, layout, rows, bytes, files, cache_state, condition, configuration,
  parameters, statement, answer_hash, answers_agree, error, evidence
FROM benchmark_cell
WHERE run_id = %(run_id)s
ORDER BY size_rows, layout, case_name, engine, cache_state, condition
