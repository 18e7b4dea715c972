-- One figure. Parameters: the columns of benchmark_figure, by name.
INSERT INTO benchmark_figure (run_id, name, dimensions, unit, values, note)
VALUES (%(run_id)s, %(name)s, %(dimensions)s, %(unit)s, %(values)s, %(note)s)
ON CONFLICT (run_id, name, dimensions) DO UPDATE SET
  unit = EXCLUDED.unit, values = EXCLUDED.values, note = EXCLUDED.note
