"""Lists and objects of requests that hold no more than one write takes, so that nobody reads the rest of them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import Meta

from rolecall.service.administration.checks import MOST_AT_ONCE

BOUNDED: Final = Meta(max_length=MOST_AT_ONCE)

Texts = Annotated[list[str], BOUNDED]
Fields = Annotated[dict[str, Any], BOUNDED]
