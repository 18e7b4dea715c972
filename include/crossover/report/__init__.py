"""Saved benchmark results -> one page and plots. Nothing here measures."""
