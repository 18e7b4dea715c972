"""Reads log files of any kind, line by line; no line is dropped and any bytes are survived."""
