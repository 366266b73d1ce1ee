"""The table of operations: every handler module's own rows, together."""

from __future__ import annotations

from typing import Final

from rolecall.transports.rest.handlers import app, call_types, channel_types, permissions, roles
from rolecall.transports.rest.operation import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    *permissions.OPERATIONS,
    *roles.OPERATIONS,
    *call_types.OPERATIONS,
    *app.OPERATIONS,
    *channel_types.OPERATIONS,
)
"""Every operation, in the order of the reference."""
