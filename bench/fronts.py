"""Which fronts can be measured here: the Envoy front needs the extra `rolecall[envoy]`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Final

from bench.serving import FLOOR, REAL

HAS_ENVOY: Final = find_spec("pyvoy") is not None
_FRONT: Final = ("--front", "envoy")

ENVOY: Final = (*REAL, *_FRONT)
ENVOY_FLOOR: Final = (*FLOOR, *_FRONT)
ENVOY_EMPTY: Final = (sys.executable, "-m", "bench.empty", *_FRONT)
FASTEST: Final = ENVOY if HAS_ENVOY else REAL
FASTEST_NAME: Final = "Envoy front" if HAS_ENVOY else "grpc front (no pyvoy here)"
