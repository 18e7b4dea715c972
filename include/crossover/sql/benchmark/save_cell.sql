-- One cell. Parameters: the columns of benchmark_cell, by name (case_name is `case`).
INSERT INTO benchmark_cell
  (run_id, case_name, engine, size_rows, layout, rows, bytes, files, cache_state, condition, configuration, parameters,
   statement, answer_hash, answers_agree, error, evidence)
VALUES
  (%(run_id)s, %(case)s, %(engine)s, %(size_rows)s, %(layout)s, %(rows)s, %(bytes)s, %(files)s, %(cache_state)s,
   %(condition)s, %(configuration)s, %(parameters)s, %(statement)s, %(answer_hash)s, %(answers_agree)s, %(error)s, %(evidence)s)
ON CONFLICT (run_id, case_name, engine, size_rows, layout, cache_state, condition) DO UPDATE SET
  rows = EXCLUDED.rows, bytes = EXCLUDED.bytes, files = EXCLUDED.files, configuration = EXCLUDED.configuration,
  parameters = EXCLUDED.parameters, statement = EXCLUDED.statement, answer_hash = EXCLUDED.answer_hash,
  answers_agree = EXCLUDED.answers_agree, error = EXCLUDED.error,
  evidence = EXCLUDED.evidence
