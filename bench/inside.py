"""The ASGI app inside Envoy with the doors of `bench.server`: what its supervisor names where it would name ours."""

from __future__ import annotations

from bench.server import floored

_FLOORED = floored()

from rolecall.app.inside import app  # noqa: E402 - serves from here on

__all__ = ["app"]
