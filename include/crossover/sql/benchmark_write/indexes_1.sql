-- What every log table has. Parameters: {{table}}.
CREATE INDEX ON {{table}} ("timestamp");
