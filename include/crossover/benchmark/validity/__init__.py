"""Whether a run may be believed: what was seen meanwhile, and the stamp that follows from it."""
