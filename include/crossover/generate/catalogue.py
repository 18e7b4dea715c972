"""The words that synthetic records are made of: services, hosts, endpoints, message templates, event vocabulary."""

from dataclasses import dataclass

from crossover.records import Level

HOSTS = 200
USERS = 20_000

# Most used first: the draw follows Zipf's law in this order.
SERVICES = (
    "gateway", "checkout", "search", "catalogue", "session", "payment", "inventory", "recommend",
    "profile", "cart", "notify", "shipping", "pricing", "review", "media", "mail",
    "fraud", "ledger", "export", "billing", "geo", "audit", "feature-flags", "scheduler",
)  # fmt: skip

# Each service has five endpoints, most used first.
ROUTES = (("GET", "/{id}"), ("GET", ""), ("POST", "/batch"), ("PUT", "/{id}/settings"), ("DELETE", "/{id}/archive"))

STATUS_CODES: dict[Level, tuple[int, ...]] = {
    "DEBUG": (200, 200, 200, 204),
    "INFO": (200, 200, 200, 200, 200, 201, 204, 304),
    "WARN": (404, 404, 429, 401, 400, 409, 200, 200),
    "ERROR": (500, 500, 502, 503, 504, 500, 503, 500),
    "FATAL": (500, 503),
}

# What stands in a message's {braces}; the values are listed by `parameter_values`.
PARAMETERS = ("number", "ms", "hex", "ip", "user", "table", "percent", "worker")


@dataclass(frozen=True)
class Template:
    """A message with at most two parameters; within a level the first template is the most frequent."""

    level: Level
    text: str


def _templates(level: Level, *texts: str) -> tuple[Template, ...]:
    return tuple(Template(level, text) for text in texts)


TEMPLATES = (
    *_templates(
        "DEBUG",
        "cache lookup for key {hex} took {ms} ms",
        "acquired connection {number} from pool",
        "entering handler for user {user}",
        "parsed request body of {number} bytes",
        "feature flag {hex} evaluated for {user}",
        "query plan for {table} reused after {number} calls",
        "heartbeat from {worker}",
        "retry token bucket at {percent} %",
        "serialised response in {ms} ms",
        "lock {hex} released after {ms} ms",
        "trace {hex} sampled",
        "connection from {ip} kept alive",
    ),
    *_templates(
        "INFO",
        "request completed in {ms} ms",
        "user {user} signed in from {ip}",
        "order {number} accepted for {user}",
        "cache hit for key {hex}",
        "page of {number} rows read from {table}",
        "message {hex} published",
        "payment {hex} captured",
        "session {hex} started for {user}",
        "search returned {number} results in {ms} ms",
        "job {hex} finished on {worker}",
        "inventory of item {number} updated",
        "mail {hex} queued for {user}",
        "configuration version {number} loaded",
        "file {hex} uploaded, {number} bytes",
        "health check passed in {ms} ms",
        "token refreshed for {user}",
        "table {table} vacuumed, {number} rows removed",
        "worker {worker} joined",
        "shipment {number} handed over",
        "export of {table} written, {number} rows",
    ),
    *_templates(
        "WARN",
        "slow query on {table}: {ms} ms",
        "rate limit reached for {ip}",
        "retrying call {hex}, attempt {number}",
        "connection pool at {percent} % of its limit",
        "cache miss storm on {table}",
        "certificate of {ip} expires in {number} hours",
        "disk of {worker} at {percent} %",
        "user {user} failed to sign in from {ip}",
        "queue depth {number} above threshold",
        "response of {number} bytes truncated",
        "clock skew of {ms} ms on {worker}",
        "deprecated call by {user}",
    ),
    *_templates(
        "ERROR",
        "upstream timed out after {ms} ms",
        "connection to {ip} refused",
        "deadlock on table {table}, transaction {hex} rolled back",
        "payment {hex} declined by provider",
        "unhandled exception in request {hex}",
        "could not write {number} rows to {table}",
        "circuit breaker open for {ip}",
        "checksum mismatch in block {hex}",
        "message {hex} moved to the dead letter queue",
        "schema of {table} does not match version {number}",
        "worker {worker} lost, {number} tasks rescheduled",
        "permission denied for {user} on {table}",
    ),
    *_templates(
        "FATAL",
        "out of memory on {worker}, {number} requests dropped",
        "cannot open data directory of {table}",
        "leader election lost on {worker}, shutting down",
        "corrupt page {number} in {table}",
    ),
)


def parameter_values(kind: str) -> list[str]:
    """All values that parameter `kind` can take; one empty value for a place without parameter."""
    values: dict[str, list[str]] = {
        "": [""],
        "number": [str(n) for n in range(10_000)],
        "ms": [f"{n / 10:.1f}" for n in range(1, 20_000, 7)],
        # A multiplicative step spreads the values without a table of random numbers.
        "hex": [f"{(n * 2_654_435_761) % 2**32:08x}" for n in range(4096)],
        "ip": [f"10.{n % 7}.{(n * 13) % 251}.{n % 253}" for n in range(2000)],
        "user": [f"user-{n:06d}" for n in range(0, USERS, 5)],
        "table": ["orders", "users", "sessions", "payments", "items", "events", "audit_log", "prices"],
        "percent": [str(n) for n in range(70, 100)],
        "worker": [f"worker-{n:02d}" for n in range(64)],
    }
    return values[kind]


DEVICES = (
    ("mobile", "Android", "Chrome"), ("mobile", "iOS", "Safari"), ("desktop", "Windows", "Chrome"),
    ("desktop", "Windows", "Edge"), ("desktop", "macOS", "Safari"), ("desktop", "Linux", "Firefox"),
    ("tablet", "iPadOS", "Safari"), ("tablet", "Android", "Chrome"),
)  # fmt: skip

QUERIES = ("shoes", "lamp", "coffee", "novel", "phone case", "tent", "chair", "headphones", "bicycle", "tea")
