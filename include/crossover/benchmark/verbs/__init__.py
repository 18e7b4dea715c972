"""`crossover benchmark VERB`: one module a verb or a group of verbs that belong together."""
