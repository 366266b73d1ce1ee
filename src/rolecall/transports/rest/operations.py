"""The table of operations: every handler module's own rows, together."""

from __future__ import annotations

from typing import Final

from rolecall.transports.rest.handlers import (
    app,
    call_members,
    call_states,
    call_types,
    calls,
    channel_members,
    channel_types,
    channel_updates,
    channels,
    permissions,
    roles,
    tasks,
    telemetry,
    users,
    watching,
)
from rolecall.transports.rest.operation import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    *permissions.OPERATIONS,
    *roles.OPERATIONS,
    *call_types.OPERATIONS,
    *calls.OPERATIONS,
    *call_members.OPERATIONS,
    *call_states.OPERATIONS,
    *users.OPERATIONS,
    *tasks.OPERATIONS,
    *app.OPERATIONS,
    *channel_types.OPERATIONS,
    *channels.OPERATIONS,
    *channel_updates.OPERATIONS,
    *channel_members.OPERATIONS,
    *watching.OPERATIONS,
    *telemetry.OPERATIONS,
)
"""Every operation, in the order of the reference."""
