"""Times in requests are read by the domain's rule; how answers write them is in `surface.py`."""

from __future__ import annotations

from rolecall.domain.times import nanoseconds

__all__ = ["nanoseconds"]
