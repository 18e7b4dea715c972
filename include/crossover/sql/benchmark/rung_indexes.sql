-- What an operator who knows these questions would add. Parameters: {{table}}.
CREATE INDEX ON {{table}} ("timestamp");
CREATE INDEX ON {{table}} (event_id);
CREATE INDEX ON {{table}} (level, service);
CREATE INDEX ON {{table}} (service, host);
CREATE INDEX ON {{table}} (endpoint, response_time_ms);
