"""The HTTP front door: records in, Kafka's delivery report out."""
