-- Everything that PostgreSQL knows of a dataset whose records nobody needs. Parameters: {{dataset}}.
DROP SCHEMA IF EXISTS {{dataset}} CASCADE;
DELETE FROM sink_offset WHERE topic IN ('logs.raw.{{dataset}}', 'events.activity.{{dataset}}');
DELETE FROM lake_offset WHERE topic IN ('logs.raw.{{dataset}}', 'events.activity.{{dataset}}');
DELETE FROM ledger_producer WHERE dataset = '{{dataset}}';
DELETE FROM dataset WHERE name = '{{dataset}}'
