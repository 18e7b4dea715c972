-- The same by day of the record's own time, as the datasets are. Parameters: {{table}}, {{columns}}.
CREATE TABLE {{table}} ({{columns}}) PARTITION BY RANGE ("timestamp")
