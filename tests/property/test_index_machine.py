"""Random writes, restarts, evictions and two processes: after every step every answer is the oracle's.

Quick and always the same by default. For a longer, random search set how many runs of 50 steps to make:

    ROLECALL_MACHINE_RUNS=500 pytest tests/property/test_index_machine.py -o faulthandler_timeout=0
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import KEEP, AppChange, PermissionChange, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.users.values import UserChange
from tests import oracle, worlds
from tests.domain_door import as_policies
from tests.property import machine_model as model
from tests.property.machine_matrix import CALLS, CHANNELS
from tests.property.machine_rig import AMPLE, App, Model, Process, Rig, Service
from tests.service_door import tuples
from tests.tables import CALL_CAPABILITIES

F = TypeVar("F", bound=Callable[..., Any])

LONG: Final = int(os.environ.get("ROLECALL_MACHINE_RUNS", "0"))
SPELLED: Final = (*worlds.CALL_ROLES, "call-member", "no-such-role")
CUSTOM: Final = ("hall", "desk", "default", "messaging", "no-such-type")

# --- what is drawn ---------------------------------------------------------------------------------------------------

users = st.sampled_from((*worlds.USERS, *worlds.USERS, worlds.STRANGER))
known = st.sampled_from(worlds.USERS)
calls = st.sampled_from((*CALLS[:2], *CALLS[:2], "lounge:nowhere"))
channels = st.sampled_from((*CHANNELS[:2], *CHANNELS[:2], "den:nowhere"))
customs = st.sampled_from(worlds.PERMISSIONS)
custom_data = worlds.custom_data.map(lambda data: dict(sorted(data.items())))
ids = st.lists(users, max_size=2, unique=True)


def permissions(actions: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    built_in = st.tuples(st.sampled_from(actions), st.sampled_from(worlds.VARIANTS)).map("".join)
    return st.lists(st.one_of(built_in, built_in, built_in, customs), max_size=8)


def grants(actions: tuple[str, ...]) -> st.SearchStrategy[model.Grants]:
    roles = st.sampled_from((*worlds.ROLES, *worlds.ROLES, "no-such-role"))
    return st.dictionaries(roles, permissions(actions), max_size=3)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[model.Row]:
    return st.fixed_dictionaries({}, optional=fields)


roles_of_users = st.sampled_from((*worlds.USER_ROLES, *worlds.USER_ROLES, "global_admin", "no-such-role"))
user_rows = some(
    role=roles_of_users,
    teams=st.sets(st.sampled_from(worlds.TEAMS)).map(lambda teams: tuple(sorted(teams))),
    teams_role=st.dictionaries(st.sampled_from(worlds.TEAMS), st.sampled_from(worlds.USER_ROLES), max_size=1),
    banned=worlds.rarely,
    deactivated=worlds.rarely,
    custom=custom_data,
)
call_rows = some(
    created_by_id=st.one_of(st.just(""), users),
    team=worlds.teams,
    starts_at=st.sampled_from((None, 0, 600, 1_000)).map(lambda at: at and at * worlds.SECOND),
    custom=custom_data,
)
call_memberships = st.dictionaries(users, st.one_of(st.none(), st.sampled_from(SPELLED)), max_size=2)
said = st.dictionaries(
    st.sampled_from(sorted(CALL_CAPABILITIES)), st.sampled_from(("grant", "revoke", "reset")), max_size=4
)
channel_rows = some(
    created_by_id=st.one_of(st.just(""), users),
    team=worlds.teams,
    frozen=st.booleans(),
    disabled=worlds.rarely,
    cooldown=st.sampled_from((0, 120)),
    custom=custom_data,
)
channel_memberships = st.dictionaries(
    users, some(channel_role=st.sampled_from(worlds.CHANNEL_ROLES), banned=worlds.sometimes), max_size=2
)
own_ids = st.dictionaries(permissions(worlds.CHANNEL_ACTIONS).map(lambda ids: "".join(ids[-1:])), st.booleans())
own_grants = st.dictionaries(
    st.sampled_from(worlds.ROLES),
    own_ids.map(lambda ids: sorted(name if add else f"!{name}" for name, add in ids.items() if name)),
    max_size=2,
)
overrides = st.one_of(st.none(), st.fixed_dictionaries({"flags": worlds.flags, "grants": own_grants}))
app_rows = some(
    multi_tenant_enabled=st.booleans(),
    disable_permissions_checks=worlds.rarely,
    permission_version=st.sampled_from(("v1", "v2")),
    user_search_disallowed_roles=st.lists(st.sampled_from(("user", "guest", "moderator")), max_size=2).map(tuple),
)
JUDGED: Final = ("create-message", "delete-message", "read-channel", "update-thread", "use-frozen-channel", "cast-vote")
ASKED: Final = (*worlds.CALL_ACTIONS[::4], *JUDGED, "search-user", "update-user")
policies = st.one_of(st.none(), worlds.policies(list(JUDGED)), worlds.policies(list(worlds.CHANNEL_ACTIONS)))
permission_rows = some(
    action=st.sampled_from(ASKED).map(lambda action: oracle.NAME[action]),
    owner=st.booleans(),
    same_team=st.booleans(),
    condition=st.one_of(st.just({}), worlds.conditions),
)


def a_write(**fields: st.SearchStrategy[Any]) -> Callable[[F], F]:
    """Make a rule of a write: what it writes, through which process, to which app, and whether questions race it."""
    where = {"by": st.integers(0, 1), "to": st.sampled_from((0, 0, 0, 1)), "racing": worlds.sometimes}
    arguments: dict[str, Any] = {**where, **fields}
    return rule(**arguments)


class Machine(RuleBasedStateMachine):
    """The service under random steps."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="rolecall-"))
        self._runner = asyncio.Runner()
        self._rig: Rig | None = None

    @property
    def rig(self) -> Rig:
        assert self._rig is not None
        return self._rig

    def process(self, number: int) -> Process:
        return self.rig.processes[number]

    def app(self, number: int) -> App:
        return self.rig.apps[number]

    def write(self, where: dict[str, Any], change: Model, service: Service) -> None:
        process, app = self.process(where["by"]), self.app(where["to"])
        self._runner.run(self.rig.write(process, app, change, service, racing=where["racing"]))

    @initialize(
        budgets=st.tuples(*[st.sampled_from((AMPLE, AMPLE, 36_000, 18_000))] * 2),
        keep_changes=st.sampled_from((100_000, 4)),
        version=st.sampled_from(("v1", "v2")),
        rows=st.lists(permission_rows, min_size=2, max_size=2),
    )
    def begin(self, budgets: tuple[int, int], keep_changes: int, version: str, rows: list[model.Row]) -> None:
        self._rig = Rig(self._folder / "store.db", budgets, keep_changes)
        self._runner.run(self.rig.open())
        for to in range(2):
            self._populate(to, version, rows)

    def _populate(self, to: int, version: str, rows: list[model.Row]) -> None:
        """Begin with something to ask about: three users, two calls and channels of two types each, permissions."""
        where: dict[str, Any] = {"by": 0, "to": to, "racing": False}
        self.create_role(worlds.CUSTOM_ROLES[0], **where)
        self.upsert_users({user: {} for user in worlds.USERS}, **where)
        for name, row, action in zip(worlds.PERMISSIONS, rows, ("send-audio", "create-message"), strict=False):
            self.create_permission(name, row, action, **where)
        held = {"user": list(worlds.PERMISSIONS[:2]), "guest": []}
        self.upsert_call_type("hall", held, {}, reset=False, **where)
        self.upsert_channel_type("desk", held, {}, None, reset=False, **where)
        self.switch(version, **where)
        alice, bob, carol = worlds.USERS
        for cid in CALLS[:2]:
            self.upsert_call(cid, {"created_by_id": alice}, {bob: None, carol: "host"}, {}, **where)
        for cid in CHANNELS[:2]:
            self.upsert_channel(cid, {"created_by_id": alice}, {bob: {}}, None, **where)

    def teardown(self) -> None:
        try:
            if self._rig is not None:
                self._runner.run(self._rig.close())
        finally:
            self._runner.close()
            shutil.rmtree(self._folder)

    @invariant()
    def every_answer_is_the_oracles(self) -> None:
        if self._rig is not None and self._rig.apps:
            self._runner.run(self._rig.check())

    # --- processes ---------------------------------------------------------------------------------------------------

    @rule(number=st.integers(0, 1))
    def refresh(self, number: int) -> None:
        self._runner.run(self.rig.refresh(self.process(number)))

    @rule(number=st.integers(0, 1), to=st.integers(0, 1))
    def reach(self, number: int, to: int) -> None:
        self._runner.run(self.rig.reach(self.process(number), self.app(to)))

    @rule(number=st.integers(0, 1), to=st.integers(0, 1))
    def rosters(self, number: int, to: int) -> None:
        self._runner.run(self.rig.rosters(self.process(number), self.app(to)))

    @rule(number=st.integers(0, 1))
    def restart(self, number: int) -> None:
        self._runner.run(self.rig.restart(self.process(number)))

    @rule(number=st.integers(0, 1), budget=st.sampled_from((AMPLE, 36_000, 18_000)))
    def resize(self, number: int, budget: int) -> None:
        self.process(number).resize(budget)

    @rule(number=st.integers(0, 1), to=st.integers(0, 1))
    def rotate(self, number: int, to: int) -> None:
        self._runner.run(self.rig.rotate(self.process(number), self.app(to)))

    # --- the app -----------------------------------------------------------------------------------------------------

    @a_write(change=app_rows, given=grants(worlds.APP_ACTIONS), reset=worlds.rarely)
    def update_app(self, change: model.Row, given: model.Grants, reset: bool, **where: Any) -> None:
        sent = AppChange(grants=tuples(given), reset_grants=reset, **change)
        self.write(
            where,
            partial(model.update_app, change=change, grants=given, reset=reset),
            lambda admin, caller: admin.apps.update(caller, sent),
        )

    @a_write(version=st.sampled_from(("v1", "v2")))
    def switch(self, version: str, **where: Any) -> None:
        self.update_app({"permission_version": version}, {}, reset=False, **where)

    @a_write()
    def migrate(self, **where: Any) -> None:
        sent = AppChange(permission_version="v2", migrate_permissions_to_v2=True)
        self.write(where, model.migrate, lambda admin, caller: admin.apps.update(caller, sent))

    @a_write(chosen=policies, undone=st.booleans())
    def migrate_from_v1(self, chosen: list[model.Row] | None, undone: bool, **where: Any) -> None:
        self.upsert_channel_type("desk", {}, {}, chosen, reset=False, **where)
        self.switch("v1", **where)
        self.migrate(**where)
        if undone:
            self.undo_migration(**where)

    @a_write()
    def undo_migration(self, **where: Any) -> None:
        sent = AppChange(undo_migration=True)
        self.write(where, model.undo_migration, lambda admin, caller: admin.apps.update(caller, sent))

    @a_write(name=customs, row=permission_rows, action=st.sampled_from(ASKED))
    def create_permission(self, name: str, row: model.Row, action: str, **where: Any) -> None:
        row = {"action": oracle.NAME[action], **row}
        sent = PermissionChange(name, **row)
        self.write(
            where,
            partial(model.create_permission, name=name, row=row),
            lambda admin, caller: admin.permissions.create(caller, sent),
        )

    @a_write(
        name=customs,
        role=st.sampled_from(("user", "guest", "channel_member", "call_member")),
        row=permission_rows,
    )
    def grant_custom(self, name: str, role: str, row: model.Row, **where: Any) -> None:
        self.create_permission(name, row, "create-message", **where)
        held = {role: [name, "create-message-owner", "send-audio-any-team"]}
        self.upsert_channel_type("desk", held, {}, None, reset=False, **where)
        self.upsert_call_type("hall", held, {}, reset=False, **where)
        self.update_app({}, held, reset=False, **where)

    @a_write(name=customs, change=permission_rows)
    def update_permission(self, name: str, change: model.Row, **where: Any) -> None:
        sent = PermissionChange(name, **change)
        self.write(
            where,
            partial(model.update_permission, name=name, change=change),
            lambda admin, caller: admin.permissions.update(caller, sent),
        )

    @a_write(name=customs)
    def delete_permission(self, name: str, **where: Any) -> None:
        self.write(
            where,
            partial(model.delete_permission, name=name),
            lambda admin, caller: admin.permissions.delete(caller, name),
        )

    @a_write(name=st.sampled_from((*worlds.CUSTOM_ROLES, *worlds.CUSTOM_ROLES, "host")))
    def create_role(self, name: str, **where: Any) -> None:
        self.write(where, partial(model.create_role, name=name), lambda admin, caller: admin.roles.create(caller, name))

    @a_write(name=st.sampled_from(worlds.CUSTOM_ROLES))
    def delete_role(self, name: str, **where: Any) -> None:
        self.write(where, partial(model.delete_role, name=name), lambda admin, caller: admin.roles.delete(caller, name))

    @a_write(
        name=st.sampled_from(("default", "hall")),
        given=grants(worlds.CALL_ACTIONS),
        settings=worlds.settings(),
        reset=worlds.rarely,
    )
    def upsert_call_type(
        self,
        name: str,
        given: model.Grants,
        settings: model.Row,
        reset: bool,
        **where: Any,
    ) -> None:
        sent = TypeChange(name, tuples(given), settings, reset_grants=reset)
        self.write(
            where,
            partial(model.upsert_call_type, name=name, grants=given, settings=settings, reset=reset),
            lambda admin, caller: admin.call_types.upsert(caller, sent),
        )

    @a_write(
        name=st.sampled_from(("messaging", "desk")),
        given=grants((*worlds.CHANNEL_ACTIONS, *worlds.TRICKY)),
        config=worlds.flags,
        chosen=policies,
        reset=worlds.rarely,
    )
    def upsert_channel_type(
        self,
        name: str,
        given: model.Grants,
        config: model.Row,
        chosen: list[model.Row] | None,
        reset: bool,
        **where: Any,
    ) -> None:
        sent_policies = KEEP if chosen is None else as_policies(chosen)
        sent = TypeChange(name, tuples(given), config, reset_grants=reset, policies=sent_policies)
        self.write(
            where,
            partial(model.upsert_channel_type, name=name, grants=given, config=config, policies=chosen, reset=reset),
            lambda admin, caller: admin.channel_types.upsert(caller, sent),
        )

    @a_write(name=st.sampled_from(CUSTOM))
    def delete_call_type(self, name: str, **where: Any) -> None:
        self.write(
            where,
            partial(model.delete_type, kind="call_types", name=name),
            lambda admin, caller: admin.call_types.delete(caller, name),
        )

    @a_write(name=st.sampled_from(CUSTOM))
    def delete_channel_type(self, name: str, **where: Any) -> None:
        self.write(
            where,
            partial(model.delete_type, kind="channel_types", name=name),
            lambda admin, caller: admin.channel_types.delete(caller, name),
        )

    # --- users -------------------------------------------------------------------------------------------------------

    def _upsert_users(self, changes: dict[str, model.Row], where: dict[str, Any]) -> None:
        sent = [UserChange(name, **change) for name, change in changes.items()]
        self.write(
            where,
            partial(model.upsert_users, changes=changes),
            lambda admin, caller: admin.users.upsert(caller, sent),
        )

    @a_write(changes=st.dictionaries(known, user_rows, min_size=1, max_size=3))
    def upsert_users(self, changes: dict[str, model.Row], **where: Any) -> None:
        self._upsert_users(changes, where)

    @a_write(changes=st.dictionaries(known, st.just({}), min_size=2, max_size=3))
    def make_users(self, changes: dict[str, model.Row], **where: Any) -> None:
        self._upsert_users(changes, where)

    @a_write(names=st.lists(users, min_size=1, max_size=2, unique=True))
    def delete_users(self, names: list[str], **where: Any) -> None:
        self.write(
            where,
            partial(model.delete_users, names=names),
            lambda admin, caller: admin.users.delete(caller, names),
        )

    # --- calls -------------------------------------------------------------------------------------------------------

    @a_write(cid=calls, change=call_rows, members=call_memberships, settings=worlds.settings())
    def upsert_call(
        self, cid: str, change: model.Row, members: dict[str, str | None], settings: model.Row, **where: Any
    ) -> None:
        sent = CallChange(cid, members=_call_members(members), settings=settings, **change)
        self.write(
            where,
            partial(model.upsert_call, cid=cid, fields=change, members=members, settings=settings),
            lambda admin, caller: admin.calls.upsert(caller, sent),
        )

    @a_write(cid=calls)
    def delete_call(self, cid: str, **where: Any) -> None:
        self.write(where, partial(model.delete_call, cid=cid), lambda admin, caller: admin.calls.delete(caller, cid))

    @a_write(cid=calls, updates=call_memberships, removals=ids)
    def call_members(self, cid: str, updates: dict[str, str | None], removals: list[str], **where: Any) -> None:
        self.write(
            where,
            partial(model.call_members, cid=cid, updates=updates, removals=removals),
            lambda admin, caller: admin.calls.update_members(caller, cid, _call_members(updates), removals),
        )

    @a_write(cid=calls, user=users, words=said)
    def user_permissions(self, cid: str, user: str, words: dict[str, str], **where: Any) -> None:
        lists = {word: [name for name, chosen in words.items() if chosen == word] for word in set(words.values())}
        self.write(
            where,
            partial(model.user_permissions, cid=cid, user=user, said=words),
            lambda admin, caller: admin.calls.update_user_permissions(caller, cid, user, **lists),
        )

    @a_write(cid=calls, user=users, blocked=st.booleans())
    def block(self, cid: str, user: str, blocked: bool, **where: Any) -> None:
        self.write(
            where,
            partial(model.block, cid=cid, user=user, blocked=blocked),
            lambda admin, caller: (admin.calls.block if blocked else admin.calls.unblock)(caller, cid, user),
        )

    @a_write(cid=calls, state=st.sampled_from(("go_live", "stop_live", "end")))
    def call_state(self, cid: str, state: str, **where: Any) -> None:
        change: model.Row = {"ended": True} if state == "end" else {"backstage": state == "stop_live"}
        self.write(
            where,
            partial(model.call_state, cid=cid, change=change),
            lambda admin, caller: getattr(admin.calls, state)(caller, cid),
        )

    # --- channels ----------------------------------------------------------------------------------------------------

    @a_write(cid=channels, change=channel_rows, members=channel_memberships, own=overrides)
    def upsert_channel(
        self, cid: str, change: model.Row, members: dict[str, model.Row], own: model.Row | None, **where: Any
    ) -> None:
        sent = ChannelChange(
            cid,
            members=_channel_members(members),
            overrides=KEEP if own is None else ChannelOverrides(tuples(own["grants"]), own["flags"]),
            **change,
        )
        self.write(
            where,
            partial(model.upsert_channel, cid=cid, fields=change, members=members, overrides=own),
            lambda admin, caller: admin.channels.upsert(caller, sent),
        )

    @a_write(cid=channels)
    def delete_channel(self, cid: str, **where: Any) -> None:
        self.write(
            where, partial(model.delete_channel, cid=cid), lambda admin, caller: admin.channels.delete(caller, cid)
        )

    @a_write(cid=channels, updates=channel_memberships, removals=ids)
    def channel_members(self, cid: str, updates: dict[str, model.Row], removals: list[str], **where: Any) -> None:
        self.write(
            where,
            partial(model.channel_members, cid=cid, updates=updates, removals=removals),
            lambda admin, caller: admin.channels.update_members(caller, cid, _channel_members(updates), removals),
        )

    # --- the same names once more ------------------------------------------------------------------------------------

    @a_write(cid=st.sampled_from(CALLS[:2]), members=st.sampled_from(({}, {worlds.USERS[0]: "host"})))
    def remake_call(self, cid: str, members: dict[str, str | None], **where: Any) -> None:
        self.delete_call(cid, **where)
        self.upsert_call(cid, {}, members, {}, **where)

    @a_write(cid=st.sampled_from(CHANNELS[:2]))
    def remake_channel(self, cid: str, **where: Any) -> None:
        self.delete_channel(cid, **where)
        self.upsert_channel(cid, {}, {}, None, **where)

    @a_write(user=known)
    def remake_user(self, user: str, **where: Any) -> None:
        self.delete_users([user], **where)
        self.upsert_users({user: {}}, **where)

    @a_write(again=st.booleans())
    def remake_call_type(self, again: bool, **where: Any) -> None:
        for cid in CALLS[1:]:
            self.delete_call(cid, **where)
        self.delete_call_type("hall", **where)
        if again:
            self.upsert_call_type("hall", {"user": []}, {}, reset=False, **where)

    @a_write(again=st.booleans())
    def remake_channel_type(self, again: bool, **where: Any) -> None:
        for cid in CHANNELS[1:]:
            self.delete_channel(cid, **where)
        self.delete_channel_type("desk", **where)
        if again:
            self.upsert_channel_type("desk", {"user": []}, {}, None, reset=False, **where)


def _call_members(members: dict[str, str | None]) -> tuple[CallMemberChange, ...]:
    return tuple(CallMemberChange(user, KEEP if role is None else role) for user, role in members.items())


def _channel_members(members: dict[str, model.Row]) -> tuple[ChannelMemberChange, ...]:
    return tuple(ChannelMemberChange(user, **change) for user, change in members.items())


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=LONG or 6,
    stateful_step_count=50 if LONG else 40,
    derandomize=not LONG,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink) if LONG else (Phase.generate,),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
    print_blob=True,
)
