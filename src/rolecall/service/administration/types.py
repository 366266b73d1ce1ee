"""Call types and channel types: what each role may do there, and their settings or config, and channels' policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar, Final, Literal, NamedTuple

from rolecall.domain.builtin import call_types, channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.channel_config import merge_config
from rolecall.domain.errors import NotFound, Precondition, RevisionConflict
from rolecall.domain.grants import merge_grants
from rolecall.domain.names import check_type_name, shown
from rolecall.domain.policies import EVERY
from rolecall.domain.policy_checks import checked_policies
from rolecall.domain.records import Grants, PolicyRecord, Settings, TypeRecord
from rolecall.domain.roles import check_role
from rolecall.domain.settings import merge_settings
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import Keep, Listing, Page, TypeChange, TypeResult
from rolecall.service.administration.checks import custom_permissions, custom_roles, granted, merged_extras, stamped
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller
from rolecall.service.state import CALL_SCOPE_PREFIX
from rolecall.store import Reader, Transaction

_POLICIES_FIELD: Final = "permissions"
_EXCLUDED_ROLES: Final = "limits.max_participants_exclude_roles"


class TypeKind(NamedTuple):
    """What call types and channel types differ in; `origin` is the built-in type that new ones start from."""

    kind: Literal["call", "channel"]
    prefix: str
    origin: str
    grants: Mapping[str, Grants]
    settings: Mapping[str, Settings]
    policies: Mapping[str, tuple[PolicyRecord, ...]]
    merge: Callable[[Settings, Settings, str], Settings]
    settings_field: str

    def starting(self, name: str) -> TypeRecord:
        """Return what a type of this name is before anything is written: its own table, or that of the origin."""
        source = name if name in self.grants else self.origin
        return TypeRecord(
            self.prefix + name,
            dict(self.grants[source]),
            dict(self.settings[source]),
            self.policies.get(source, ()),
        )


CALL = TypeKind(
    "call", CALL_SCOPE_PREFIX, "default", call_types.GRANTS, call_types.SETTINGS, {}, merge_settings, "settings"
)
CHANNEL = TypeKind(
    "channel", "", "messaging", channel_types.GRANTS, channel_types.CONFIG, POLICIES, merge_config, "config"
)


class Types:
    """Writes and reads the types of one kind; server-side only."""

    of: ClassVar[TypeKind]

    def __init__(self, access: Access) -> None:
        self._access = access

    async def upsert(self, caller: Caller, change: TypeChange) -> TypeResult:
        """Create a type or change it; a dry run does all but the writing."""
        server_only(caller, f"writing a {self.of.kind} type")
        check_type_name(change.name, "name")
        (record, created), revision = await self._access.write(caller, lambda tx: self._upsert(tx, change))
        return TypeResult(record, created, revision)

    async def _upsert(self, tx: Transaction, change: TypeChange) -> tuple[TypeRecord, bool]:
        stored = await tx.type(self.of.prefix + change.name)
        if stored is None and change.must_exist:
            raise unknown_type(self.of.kind, change.name, "name")
        _check_revision(tx, stored, change.expected_revision)
        defaults = replace(self.of.starting(change.name), created_at=tx.now)
        base = stored or defaults
        settings = self.of.merge(base.settings, change.settings, self.of.settings_field)
        settings = {**settings, **await excluded_roles(tx, change.settings, self.of.settings_field)}
        grants = merge_grants(
            defaults.grants if change.reset_grants else base.grants,
            change.grants,
            await custom_roles(tx, change.grants),
            await custom_permissions(tx, granted(change.grants)),
        )
        policies = await _policies(tx, change.policies, base)
        extras = merged_extras(change.extras, base.extras, "extras")
        wanted = replace(base, grants=grants, settings=settings, policies=policies, extras=extras)
        record = stamped(wanted, stored, tx.now)
        if record is not stored and not change.dry_run:
            await tx.put_type(record)
            record = replace(record, revision=tx.revision)
        return record, stored is None

    async def get(self, caller: Caller, name: str) -> tuple[TypeRecord, int]:
        """Return one type."""
        server_only(caller, f"reading a {self.of.kind} type")
        check_type_name(name, "name")
        async with self._access.read(caller) as (reader, revision):
            return await self._existing(reader, name), revision

    async def list(self, caller: Caller, page: Page) -> Listing[TypeRecord]:
        """Return a page of the types, by name."""
        server_only(caller, f"reading {self.of.kind} types")
        part = window(page, f"{self.of.kind}_types")
        async with self._access.read(caller) as (reader, revision):
            records = await reader.types(self.of.kind, part.limit + 1, part.after)
        items, token = part.cut(records, lambda record: record.scope)
        return Listing(items, token, revision)

    async def delete(self, caller: Caller, name: str) -> int:
        """Delete a custom type that nothing is of."""
        server_only(caller, f"deleting a {self.of.kind} type")
        check_type_name(name, "name")
        return (await self._access.write(caller, lambda tx: self._delete(tx, name)))[1]

    async def _delete(self, tx: Transaction, name: str) -> None:
        record = await self._existing(tx, name)
        what = f"{self.of.kind} type {shown(name)}"
        if name in self.of.grants:
            raise Precondition(f"{what} is built in and can't be deleted", field="name", reason="TYPE_BUILT_IN")
        use = await tx.type_use(record.scope)
        if use is not None:
            raise Precondition(
                f"{what} can't be deleted: {self.of.kind} {shown(use)} is of it", field="name", reason="TYPE_IN_USE"
            )
        await tx.delete_type(record.scope)

    async def _existing(self, reader: Reader, name: str) -> TypeRecord:
        record = await reader.type(self.of.prefix + name)
        if record is None:
            raise unknown_type(self.of.kind, name, "name")
        return record


class CallTypes(Types):
    """The call types of the app."""

    of = CALL


class ChannelTypes(Types):
    """The channel types of the app."""

    of = CHANNEL


def unknown_type(kind: str, name: str, field: str) -> NotFound:
    """Make the error for a type that is addressed and does not exist."""
    return NotFound(f"{kind} type {shown(name)} does not exist", field=field, reason=f"{kind.upper()}_TYPE_NOT_FOUND")


async def excluded_roles(reader: Reader, settings: Settings, field: str) -> Settings:
    """Return the setting of the roles which a call's limit of participants leaves out, canonical; {} if not sent.

    The settings are checked already, but for whether these roles exist.
    """
    if _EXCLUDED_ROLES not in settings:
        return {}
    roles = settings[_EXCLUDED_ROLES]
    custom = await custom_roles(reader, roles)
    return {_EXCLUDED_ROLES: tuple(check_role(role, custom, f"{field}.{_EXCLUDED_ROLES}") for role in roles)}


async def _policies(
    tx: Transaction, sent_policies: tuple[PolicyRecord, ...] | Keep, base: TypeRecord
) -> tuple[PolicyRecord, ...]:
    """Return the policies that a type is to have, those that are sent checked."""
    if isinstance(sent_policies, Keep):
        return base.policies
    named = (role for policy in sent_policies for role in policy.roles if role != EVERY)
    return checked_policies(sent_policies, await custom_roles(tx, named), _POLICIES_FIELD)


def _check_revision(tx: Transaction, stored: TypeRecord | None, expected: int | None) -> None:
    """Refuse when the type has changed or gone after the expected revision, or that revision is yet to come."""
    current, latest = (stored.revision, tx.app.revision) if stored else (0, 0)
    if expected is not None and not current <= expected <= latest:
        raise RevisionConflict(
            f"the type is at revision {current}, not unchanged since {expected}",
            field="expected_revision",
            metadata={"current": str(current)},
        )
