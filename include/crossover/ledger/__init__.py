"""The ledger: what was sent is counted against what is stored, and the two stores against each other, by content."""
