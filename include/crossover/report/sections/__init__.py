"""The parts of the report: each module makes one from a run, or nothing when the run has no data for it."""
