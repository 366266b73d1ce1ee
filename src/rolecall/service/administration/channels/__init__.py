"""Channels: what is written and read of them and of their members."""
