-- Which of the tables %(names)s are not there, or not for us to see.
SELECT name FROM unnest(%(names)s::text[]) AS name WHERE to_regclass(name) IS NULL
