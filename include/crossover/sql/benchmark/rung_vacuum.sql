-- Statistics, visibility map and frozen rows, so that no query does this work while it is timed.
VACUUM (ANALYZE, FREEZE) {{table}}
