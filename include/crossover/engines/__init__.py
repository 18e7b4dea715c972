"""What answers a query: the same few verbs for every engine."""
