"""Every metric that a crossover process exports, declared here once; processes only increment them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

ACCEPTED = Counter("crossover_ingest_accepted_records", "records acknowledged", ["kind"], registry=REGISTRY)
REJECTED = Counter("crossover_ingest_rejected_records", "records refused", ["kind", "reason"], registry=REGISTRY)
REQUESTS = Counter("crossover_ingest_requests", "answers given", ["path", "status"], registry=REGISTRY)
BYTES_IN_FLIGHT = Gauge("crossover_ingest_bytes_in_flight", "bytes of bodies not yet answered", registry=REGISTRY)
ACK_SECONDS = Histogram(
    "crossover_ingest_ack_seconds", "from the request's arrival to Kafka's delivery report", registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
LOADED = Counter("crossover_load_rows", "rows committed to PostgreSQL", ["kind", "dataset"], registry=REGISTRY)
POISON = Counter("crossover_load_poison_messages", "records set aside as unreadable", ["kind"], registry=REGISTRY)
LAST_COMMIT = Gauge("crossover_load_last_commit_seconds", "Unix time of the last commit", registry=REGISTRY)
SENT = Counter("crossover_generate_sent_records", "records acknowledged to the generator", ["kind"], registry=REGISTRY)
MISSED = Counter("crossover_generate_missed_sends", "scheduled sends not made in time", registry=REGISTRY)
