"""The write side: what storing costs, how fast both stores keep up, and when a record can be seen."""
