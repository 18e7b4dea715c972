"""Entry points that Spark runs: they read, transform and write; what they know comes from the package crossover."""
