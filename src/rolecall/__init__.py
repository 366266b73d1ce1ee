"""Rolecall: answers whether a user may act on a call or a channel, and why."""

__version__ = "0.1.0"
