-- Tables of the house itself: datasets, the sinks' offsets, the ledger, the benchmark results. Safe to run again.

CREATE TABLE IF NOT EXISTS dataset (
  name            text PRIMARY KEY,
  created_at      timestamptz NOT NULL DEFAULT now(),
  sealed_offsets  jsonb  -- {topic: {partition: end offset}} once nothing more will come
);

-- The loader's place in Kafka. Rows and next offset change in one transaction; a second writer loses at the
-- compare-and-set on next_offset.
CREATE TABLE IF NOT EXISTS sink_offset (
  topic        text    NOT NULL,
  partition    integer NOT NULL,
  next_offset  bigint  NOT NULL,
  rows         bigint  NOT NULL DEFAULT 0,
  poison       bigint  NOT NULL DEFAULT 0,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition)
);

-- The stream's place in Kafka as it tells it after each commit: a lower bound of what the lake holds.
CREATE TABLE IF NOT EXISTS lake_offset (
  topic        text    NOT NULL,
  partition    integer NOT NULL,
  next_offset  bigint  NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, partition)
);

-- What the ledger found when it last compared the stores: one row a dataset and kind.
CREATE TABLE IF NOT EXISTS ledger_parity (
  dataset     text    NOT NULL,
  kind        text    NOT NULL,
  acked       bigint  NOT NULL,
  unknown     bigint  NOT NULL,
  duplicates  bigint  NOT NULL,
  postgres    bigint  NOT NULL,
  lake        bigint  NOT NULL,
  lost        bigint  NOT NULL,
  twice       bigint  NOT NULL,
  equal       boolean NOT NULL,
  checked_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (dataset, kind)
);

-- What each producer says that it sent: one row a producer, dataset and kind.
CREATE TABLE IF NOT EXISTS ledger_producer (
  dataset     text   NOT NULL,
  kind        text   NOT NULL,
  producer    text   NOT NULL,
  sent        bigint NOT NULL,
  acked       bigint NOT NULL,
  rejected    bigint NOT NULL,
  unknown     bigint NOT NULL,
  duplicates  bigint NOT NULL,
  missed      bigint NOT NULL,
  finished    boolean NOT NULL,
  updated_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (dataset, kind, producer)
);

CREATE TABLE IF NOT EXISTS benchmark_run (
  run_id       text PRIMARY KEY,
  dataset      text NOT NULL,
  started_at   timestamptz NOT NULL DEFAULT now(),
  environment  jsonb NOT NULL,
  settings     jsonb NOT NULL,
  stamp        jsonb  -- {valid, reasons}; null while the run goes on
);

-- A size of the ladder: the same prefix of the same Kafka partitions in both stores.
CREATE TABLE IF NOT EXISTS benchmark_rung (
  run_id         text   NOT NULL REFERENCES benchmark_run,
  size_rows      bigint NOT NULL,
  kind           text   NOT NULL,
  rows           bigint NOT NULL,
  snapshot_id    bigint NOT NULL,
  bounds         jsonb  NOT NULL,
  postgres_table text   NOT NULL,
  fingerprint    text   NOT NULL,
  proofs         jsonb  NOT NULL DEFAULT '{}',  -- layout: the states of both relations that were proven equal
  PRIMARY KEY (run_id, size_rows, kind)
);

CREATE TABLE IF NOT EXISTS benchmark_cell (
  run_id        text   NOT NULL REFERENCES benchmark_run,
  case_name     text   NOT NULL,
  engine        text   NOT NULL,
  size_rows     bigint NOT NULL,
  layout        text   NOT NULL,
  rows          bigint NOT NULL,
  bytes         bigint,
  files         bigint,
  cache_state   text   NOT NULL DEFAULT 'hot',
  condition     text   NOT NULL DEFAULT 'idle',
  configuration jsonb  NOT NULL,
  parameters    jsonb  NOT NULL,
  statement     text   NOT NULL,
  answer_hash   text,
  answers_agree boolean,
  error         text,
  evidence      jsonb,  -- what was seen of machine, engine and data meanwhile
  PRIMARY KEY (run_id, case_name, engine, size_rows, layout, cache_state, condition)
);

-- One timed execution. A failed one has an error and no time; a warm-up has a negative repetition.
CREATE TABLE IF NOT EXISTS benchmark_sample (
  run_id       text    NOT NULL,
  case_name    text    NOT NULL,
  engine       text    NOT NULL,
  size_rows    bigint  NOT NULL,
  layout       text    NOT NULL,
  cache_state  text    NOT NULL DEFAULT 'hot',
  condition    text    NOT NULL DEFAULT 'idle',
  repetition   integer NOT NULL,
  seconds      double precision,
  answer_rows  integer,
  answer_hash  text,
  error        text,
  arm          text    NOT NULL DEFAULT 'a',  -- each engine is asked twice a block: a against b is its own noise
  block        integer NOT NULL DEFAULT 0,
  taken_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, case_name, engine, size_rows, layout, cache_state, condition, repetition),
  FOREIGN KEY (run_id, case_name, engine, size_rows, layout, cache_state, condition) REFERENCES benchmark_cell,
  CHECK ((seconds IS NULL) = (error IS NOT NULL))
);

-- Something measured that is not a query's time: a rate, a freshness, bytes a record.
CREATE TABLE IF NOT EXISTS benchmark_figure (
  run_id      text  NOT NULL REFERENCES benchmark_run,
  name        text  NOT NULL,
  dimensions  jsonb NOT NULL,
  unit        text  NOT NULL,
  values      double precision[] NOT NULL,
  note        text  NOT NULL DEFAULT '',
  PRIMARY KEY (run_id, name, dimensions)
);

-- An installation of an earlier version has these tables already.
ALTER TABLE benchmark_run ADD COLUMN IF NOT EXISTS stamp jsonb;
ALTER TABLE benchmark_rung ADD COLUMN IF NOT EXISTS proofs jsonb NOT NULL DEFAULT '{}';
ALTER TABLE benchmark_cell ADD COLUMN IF NOT EXISTS evidence jsonb;
ALTER TABLE benchmark_sample ADD COLUMN IF NOT EXISTS arm text NOT NULL DEFAULT 'a';
ALTER TABLE benchmark_sample ADD COLUMN IF NOT EXISTS block integer NOT NULL DEFAULT 0;
