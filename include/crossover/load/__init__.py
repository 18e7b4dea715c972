"""Kafka to PostgreSQL: rows and the next offset in one transaction."""
