"""Compiling what the store holds of an app's configuration, a bit at a time so that answers go on meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rolecall.domain.custom_permissions import NO_CUSTOM, CustomPermissions, compile_permission
from rolecall.domain.records import PermissionRecord, TypeRecord
from rolecall.service.pace import Pace
from rolecall.service.state import Compiled, compile_type


async def compiled_types(records: Mapping[str, TypeRecord | None]) -> Compiled:
    """Compile types by scope."""
    compiled, pace = {}, Pace()
    for scope, record in records.items():
        compiled[scope] = None if record is None else compile_type(record)
        await pace.give_way()
    return compiled


async def compiled_permissions(
    records: Iterable[PermissionRecord], known: CustomPermissions = NO_CUSTOM
) -> CustomPermissions:
    """Compile an app's custom permissions; those that have not changed are taken from the known ones.

    A large condition takes milliseconds.
    """
    compiled, pace = {}, Pace()
    for record in records:
        kept = known.get(record.id)
        if kept is None or not record.updated_at or kept.changed_at != (record.created_at, record.updated_at):
            kept = compile_permission(record)
            await pace.give_way()
        compiled[record.id] = kept
    return compiled
