-- Rows into a table of small files: each of the tasks writes a file a day.
-- Parameters: {{table}}, {{relation}}, {{tasks}} = how many.
INSERT INTO {{table}} SELECT /*+ REPARTITION({{tasks}}) */ * FROM {{relation}}
