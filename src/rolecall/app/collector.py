"""Python's garbage collector: it must not walk all that a server holds, since nobody is answered meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_OLDEST: Final = gc.get_threshold()[2]
_NEVER: Final = 1 << 30


@contextmanager
def staying() -> Iterator[None]:
    """Make very much that stays: it is not walked meanwhile, but for the newest of it, nor ever after."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(young, middle, _OLDEST)
