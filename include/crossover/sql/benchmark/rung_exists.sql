-- Is there a table %(table)s?
SELECT to_regclass(%(table)s) IS NOT NULL
