-- One day of {{schema}}.{{table}}. Parameters: {{partition}} = its name, {{first}} and {{next}} = UTC days, YYYY-MM-DD.
CREATE TABLE IF NOT EXISTS {{schema}}.{{partition}} PARTITION OF {{schema}}.{{table}}
  FOR VALUES FROM ('{{first}} 00:00:00+00') TO ('{{next}} 00:00:00+00');
