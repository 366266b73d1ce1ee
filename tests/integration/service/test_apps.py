from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.builtin import app_scope
from rolecall.domain.errors import (
    AlreadyExists,
    Forbidden,
    InvalidInput,
    NotFound,
    OverLimit,
    Precondition,
    Unauthenticated,
    UnknownPermission,
    UnknownRole,
)
from rolecall.service.administration import Administration, create_app, list_apps, rotate_secret
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.changes import AppChange, AppView
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller, Callers, make_token
from rolecall.store import Store
from tests.integration.service.desk import SECRET, Desk
from tests.integration.service.refusals import refused


async def test_a_new_app_has_the_built_in_grants(desk: Desk) -> None:
    app, grants, revision = await desk.admin.apps.get(desk.server)
    assert app == desk.app
    assert grants == app_scope.GRANTS
    assert revision == app.revision == 1


async def test_an_app_comes_back_as_written(desk: Desk) -> None:
    await desk.admin.roles.create(desk.server, "speaker")
    change = AppChange(
        permission_version="v1",
        grants={"speaker": ("search-user",)},
        multi_tenant_enabled=True,
        user_search_disallowed_roles=("speaker", "guest", "speaker"),
        disable_permissions_checks=True,
        revoke_tokens_issued_before=5,
    )
    app, grants, report, revision = await desk.admin.apps.update(desk.server, change)
    assert report is None
    assert (app.permission_version, app.multi_tenant_enabled, app.disable_permissions_checks) == ("v1", True, True)
    assert (app.user_search_disallowed_roles, app.revoke_tokens_issued_before) == (("guest", "speaker"), 5)
    assert app.revision == revision == await desk.revision()
    assert app.updated_at > app.created_at
    assert grants == {**app_scope.GRANTS, "speaker": ("search-user",)}
    assert await desk.admin.apps.get(desk.server) == (app, grants, revision)
    assert await desk.admin.apps.update(desk.server, change) == (app, grants, None, revision)  # again: no revision


async def test_what_is_not_sent_stays_and_what_is_sent_empty_is_cleared(desk: Desk) -> None:
    first = AppChange(user_search_disallowed_roles=("guest",), revoke_tokens_issued_before=5, multi_tenant_enabled=True)
    await desk.admin.apps.update(desk.server, first)
    app, *_ = await desk.admin.apps.update(desk.server, AppChange(disable_permissions_checks=True))
    assert (app.user_search_disallowed_roles, app.revoke_tokens_issued_before) == (("guest",), 5)
    assert app.multi_tenant_enabled
    cleared = AppChange(user_search_disallowed_roles=(), revoke_tokens_issued_before=None)
    app, *_ = await desk.admin.apps.update(desk.server, cleared)
    assert (app.user_search_disallowed_roles, app.revoke_tokens_issued_before) == ((), None)


async def test_resetting_puts_the_grants_back_and_then_applies_what_is_sent(desk: Desk) -> None:
    await desk.admin.apps.update(desk.server, AppChange(grants={"user": (), "guest": ()}))
    _, grants, *_ = await desk.admin.apps.update(desk.server, AppChange(reset_grants=True, grants={"guest": ()}))
    assert grants == {**app_scope.GRANTS, "guest": ()}


async def test_a_change_counts_at_once(desk: Desk) -> None:
    await desk.make_users("ann")
    assert (await desk.decide("ann", "search-user")).allowed
    await desk.admin.apps.update(desk.server, AppChange(grants={"user": ()}))
    assert not (await desk.decide("ann", "search-user")).allowed
    await desk.admin.apps.update(desk.server, AppChange(disable_permissions_checks=True))
    assert (await desk.decide("ann", "search-user")).reason == "CHECKS_DISABLED"


async def test_a_dry_run_answers_as_if_and_changes_nothing(desk: Desk) -> None:
    before = await desk.admin.apps.get(desk.server)
    change = AppChange(permission_version="v1", grants={"user": ()}, multi_tenant_enabled=True, dry_run=True)
    app, grants, _, revision = await desk.admin.apps.update(desk.server, change)
    assert (app.permission_version, app.multi_tenant_enabled, grants["user"]) == ("v1", True, ())
    assert app.revision == revision == before[2]
    assert await desk.admin.apps.get(desk.server) == before


@pytest.mark.parametrize(
    ("fields", "kind", "field"),
    [
        ({"permission_version": "v3"}, InvalidInput, "permission_version"),
        ({"permission_version": ""}, InvalidInput, "permission_version"),
        ({"grants": {"user": ("nonsense",)}}, UnknownPermission, "grants.user"),
        ({"grants": {"speaker": ()}}, UnknownRole, "grants.speaker"),
        ({"user_search_disallowed_roles": ("guest",) * 11}, InvalidInput, "user_search_disallowed_roles"),
        ({"user_search_disallowed_roles": ("user", "speaker")}, UnknownRole, "user_search_disallowed_roles[1]"),
        ({"revoke_tokens_issued_before": -1}, InvalidInput, "revoke_tokens_issued_before"),
        ({"disable_auth_checks": True}, Precondition, "disable_auth_checks"),
        ({"migrate_permissions_to_v2": True, "permission_version": "v1"}, InvalidInput, "migrate_permissions_to_v2"),
        ({"undo_migration": True}, InvalidInput, "undo_migration"),
    ],
)
async def test_bad_input_is_refused_with_its_field_and_changes_nothing(
    desk: Desk, fields: dict[str, Any], kind: Any, field: str
) -> None:
    before = await desk.revision()
    with refused(kind, field=field):
        await desk.admin.apps.update(desk.server, AppChange(**{"multi_tenant_enabled": True, **fields}))
    assert await desk.revision() == before


async def test_auth_checks_are_disabled_in_development_only(desk: Desk) -> None:
    await desk.admin.apps.update(desk.server, AppChange(disable_auth_checks=False))
    dev = Administration(desk.store, desk.index, desk.authorizer, dev=True)
    app, *_ = await dev.apps.update(desk.server, AppChange(disable_auth_checks=True))
    assert app.disable_auth_checks


async def test_users_may_not(desk: Desk) -> None:
    await desk.make_users("root", role="admin")
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await desk.admin.apps.get(desk.user("root"))
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await desk.admin.apps.update(desk.user("root"), AppChange())


async def test_apps_are_apart(desk: Desk) -> None:
    other, _, _ = await create_app(desk.store, "globex")
    await desk.index.refresh()
    server = Caller(other.id)
    await desk.admin.users.upsert(server, [UserChange("eve")])
    await desk.admin.calls.upsert(server, CallChange("default:x", created_by_id="eve"))
    with refused(NotFound):
        await desk.admin.users.get(desk.server, "eve")
    with refused(NotFound):
        await desk.admin.calls.get(desk.server, "default:x")
    with refused(InvalidInput, field="created_by_id"):
        await desk.admin.calls.upsert(desk.server, CallChange("default:x", created_by_id="eve"))
    assert await desk.revision() == 1


class TestOnTheFile:
    async def test_a_key_and_a_secret_are_made_and_let_in(self, desk: Desk) -> None:
        app, key, secret = await create_app(desk.store, "globex", permission_version="v1")
        assert (app.name, app.permission_version, app.revision) == ("globex", "v1", 1)
        assert len(key) == 12
        assert len(secret) == 64
        await desk.index.refresh()
        caller = await Callers(desk.index).authenticate(key, make_token(secret, {}))
        assert caller == Caller(app.id)
        assert await list_apps(desk.store) == (AppView(desk.app, ("key",)), AppView(app, (key,)))
        _, other_key, other_secret = await create_app(desk.store, "initech")
        assert key != other_key
        assert secret != other_secret

    async def test_given_ones_are_kept(self, store: Store) -> None:
        app, key, secret = await create_app(store, "acme", key="A-b_9", secret="é")
        assert (key, secret) == ("A-b_9", "é")
        async with store.snapshot(app.id) as reader:
            assert (await reader.keys(), await reader.secrets()) == (("A-b_9",), ("é",))

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "a\n"}, "name"),
            ({"key": ""}, "key"),
            ({"key": "x" * 65}, "key"),
            ({"key": "a b"}, "key"),
            ({"key": "a\n"}, "key"),
            ({"secret": ""}, "secret"),
            ({"secret": "é" * 513}, "secret"),
            ({"permission_version": "v3"}, "permission_version"),
        ],
    )
    async def test_bad_ones_are_refused(self, store: Store, fields: dict[str, str], field: str) -> None:
        with refused(InvalidInput, field=field):
            await create_app(store, **{"name": "acme", **fields})
        assert await list_apps(store) == ()

    async def test_a_refused_secret_is_not_in_the_error(self, store: Store) -> None:
        with pytest.raises(InvalidInput) as caught:
            await create_app(store, "acme", secret="hush" * 300)
        assert "hush" not in str(caught.value)

    async def test_a_name_or_key_that_is_taken_is_refused(self, store: Store) -> None:
        await create_app(store, "acme", key="key")
        with pytest.raises(AlreadyExists):
            await create_app(store, "acme")
        with pytest.raises(AlreadyExists):
            await create_app(store, "globex", key="key")
        assert [view.record.name for view in await list_apps(store)] == ["acme"]

    async def test_secrets_rotate_without_a_gap(self, desk: Desk) -> None:
        callers = Callers(desk.index)
        old = make_token(SECRET, {})
        fresh = await rotate_secret(desk.store, "acme")
        await desk.index.refresh()
        await callers.authenticate("key", old)
        await callers.authenticate("key", make_token(fresh, {}))
        last = await rotate_secret(desk.store, "acme", keep_old=False)
        async with desk.store.snapshot(desk.app.id) as reader:
            assert await reader.secrets() == (last,)
        await desk.index.refresh()
        with refused(Unauthenticated, reason="TOKEN_SIGNATURE_INVALID"):
            await callers.authenticate("key", old)
        await callers.authenticate("key", make_token(last, {}))

    async def test_a_given_secret_is_used(self, store: Store) -> None:
        await create_app(store, "acme")
        assert await rotate_secret(store, "acme", secret="mine") == "mine"
        with refused(InvalidInput, field="secret"):
            await rotate_secret(store, "acme", secret="")

    async def test_live_secrets_are_bounded(self, store: Store) -> None:
        await create_app(store, "acme")
        for _ in range(4):
            await rotate_secret(store, "acme")
        with refused(OverLimit):
            await rotate_secret(store, "acme")
        await rotate_secret(store, "acme", keep_old=False)
        await rotate_secret(store, "acme")

    async def test_an_unknown_app_is_not_found(self, store: Store) -> None:
        with refused(NotFound, reason="APP_NOT_FOUND", text="`globex`"):
            await rotate_secret(store, "globex")
