"""crossover: one log stream into two stores, proven equal, kept healthy, and timed until one of them wins."""
