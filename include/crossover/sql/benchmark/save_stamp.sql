-- Whether run %(run_id)s may name winners, and why not.
UPDATE benchmark_run SET stamp = %(stamp)s WHERE run_id = %(run_id)s
