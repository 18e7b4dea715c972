-- Samples of an earlier attempt at the same cell. Parameters: the cell's key, by name.
DELETE FROM benchmark_sample
WHERE run_id = %(run_id)s AND case_name = %(case)s AND engine = %(engine)s AND size_rows = %(size_rows)s
  AND layout = %(layout)s AND cache_state = %(cache_state)s AND condition = %(condition)s
