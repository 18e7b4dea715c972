-- What a table has that is searched. Parameters: {{table}}.
CREATE INDEX ON {{table}} ("timestamp");
CREATE INDEX ON {{table}} (event_id);
CREATE INDEX ON {{table}} (level, service);
CREATE INDEX ON {{table}} (service, host);
