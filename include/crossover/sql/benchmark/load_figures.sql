-- The figures of run %(run_id)s.
SELECT name, dimensions, unit, values, note FROM benchmark_figure WHERE run_id = %(run_id)s ORDER BY name, dimensions
