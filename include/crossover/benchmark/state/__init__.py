"""The state in which a cell is measured, really made: caches, budgets, conditions."""
