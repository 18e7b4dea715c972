-- The two tables of one dataset in PostgreSQL, partitioned by day of the record's own time. Safe to run again.
-- Parameters: {{schema}} = the dataset's name. Column order is records.py's; an agreement test holds them equal.

CREATE SCHEMA IF NOT EXISTS {{schema}};

CREATE TABLE IF NOT EXISTS {{schema}}.logs (
  event_id          text NOT NULL,
  "timestamp"       timestamptz NOT NULL,
  level             text NOT NULL,
  service           text NOT NULL,
  host              text NOT NULL,
  message           text NOT NULL,
  metadata          json,
  request_id        text,
  response_time_ms  double precision,
  status_code       integer,
  endpoint          text,
  method            text,
  kafka_partition   integer NOT NULL,
  kafka_offset      bigint NOT NULL,
  batch_index       integer NOT NULL
) PARTITION BY RANGE ("timestamp");

CREATE TABLE IF NOT EXISTS {{schema}}.events (
  event_id          text NOT NULL,
  "timestamp"       timestamptz NOT NULL,
  user_id           text NOT NULL,
  session_id        text NOT NULL,
  event_type        text NOT NULL,
  event_data        json,
  device_type       text,
  device_os         text,
  device_browser    text,
  kafka_partition   integer NOT NULL,
  kafka_offset      bigint NOT NULL,
  batch_index       integer NOT NULL
) PARTITION BY RANGE ("timestamp");
