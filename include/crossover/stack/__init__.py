"""The embedded stack: the real services on one machine, as supervised processes, all below one state folder."""
