-- By which transactions the rows of a copy were written. It is filled by one; a row that was changed later has another.
-- Parameters: {{table}}.
SELECT first.xmin::text || ': ' || (SELECT count(*) FILTER (WHERE xmin = first.xmin) || ' of ' || count(*) FROM {{table}})
FROM (SELECT xmin FROM {{table}} LIMIT 1) first
