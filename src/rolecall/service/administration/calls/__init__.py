"""Calls: what is written and read of them, their members, and what is said of single users."""
