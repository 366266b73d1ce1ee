"""Migrating over gRPC: the report as data, dry runs, undoing, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import grpc
import pytest

from rolecall.api.v1 import app_pb2 as pb
from rolecall.api.v1 import authorization_pb2, channel_type_pb2, role_pb2, user_pb2
from rolecall.api.v1.core_pb2 import PermissionList, Reason
from rolecall.domain.builtin import app_scope, channel_types
from tests.doors import Client, make_app, running

Code = grpc.StatusCode
MIGRATE = pb.UpdateAppRequest(permission_version="v2", migrate_permissions_to_v2=True)
UNDO = pb.UpdateAppRequest(undo_migration=True)
READ_BY_GUESTS = channel_type_pb2.Policy(
    name="Guests read", priority=9, resources=["ReadChannel"], roles=["guest"], action="POLICY_ACTION_ALLOW"
)
BY_AUTHORS = channel_type_pb2.Policy(
    name="Authors mend", priority=8, resources=["UpdateMessage"], owner=True, action="POLICY_ACTION_ALLOW"
)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """One server, and an app on version v1 for each test by name."""
    db = tmp_path_factory.mktemp("migration") / "store.db"
    names = ("fresh", "one", "many", "undone", "refused", "asked")
    apps = {name: make_app(db, name, permission_version="v1") for name in names}
    with running(db, refresh_ms=10) as server:
        yield {name: server.client(app) for name, app in apps.items()}


def dry(request: pb.UpdateAppRequest) -> pb.UpdateAppRequest:
    tried = pb.UpdateAppRequest(dry_run=True)
    tried.MergeFrom(request)
    return tried


def hall(client: Client, name: str = "hall", **grants: PermissionList) -> None:
    policies = [READ_BY_GUESTS, BY_AUTHORS]
    client(channel_type_pb2.UpsertChannelTypeRequest(name=name, permissions=policies, grants=grants))


def plain(grants: object) -> dict[str, tuple[str, ...]]:
    return {role: tuple(held.permissions) for role, held in grants.items()}  # type: ignore[attr-defined]


def test_a_fresh_app_comes_to_the_built_in_grants(clients: dict[str, Client]) -> None:
    response = clients["fresh"](MIGRATE)
    report = response.migration_report
    assert (response.app.permission_version, report.applied, report.undone) == ("v2", True, False)
    assert {name: plain(held.grants) for name, held in report.channel_type_grants.items()} == channel_types.GRANTS
    assert plain(report.app_grants.grants) == plain(response.app.grants) == app_scope.GRANTS
    assert {change.channel_type for change in report.changes} == set(channel_types.GRANTS)
    assert {change.channel_type for change in report.app_changes} == {".app"}


def test_the_changes_are_products_of_roles_and_actions(clients: dict[str, Client]) -> None:
    client = clients["one"]
    hall(client)
    response = client(dry(MIGRATE))
    assert not response.migration_report.applied
    told = [change for change in response.migration_report.changes if change.channel_type == "hall"]
    strange = [
        "call_member",
        "channel_member",
        "channel_moderator",
        "host",
    ]  # policies without roles became none of theirs
    assert told == [
        pb.MigrationChange(
            channel_type="hall",
            user_roles=strange,
            channel_roles=["", *strange],
            owner=True,
            lost=["UpdateMessage", "UpdateThread"],
        )
    ]
    report = client(MIGRATE).migration_report
    assert report.changes == response.migration_report.changes
    assert plain(report.channel_type_grants["hall"].grants)["guest"] == (
        "read-channel",
        "read-channel-members",
        "update-message-owner",
        "update-thread-owner",
    )
    for change in report.changes:
        assert change.user_roles
        assert change.channel_roles
        assert list(change.gained) == sorted(change.gained)
        assert list(change.lost) == sorted(change.lost)
        assert change.gained or change.lost


def test_a_report_of_many_parts_arrives_whole_and_once(clients: dict[str, Client]) -> None:
    client = clients["many"]
    roles = [f"role-{number}" for number in range(6)]
    for role in roles:
        client(role_pb2.CreateRoleRequest(name=role))
    names = [f"hall-{number:02}" for number in range(12)]
    for name in names:
        hall(client, name)
    report = client(MIGRATE).migration_report
    assert sorted(report.channel_type_grants) == sorted([*names, *channel_types.GRANTS])
    order = [change.channel_type for change in report.changes]
    assert order == sorted(order)
    told = [
        (change.channel_type, user, member, change.owner, action)
        for change in report.changes
        for user, member in product(change.user_roles, change.channel_roles)
        for action in (*change.gained, *change.lost)
    ]
    assert len(told) == len(set(told))
    by_type = [{answer[1:] for answer in told if answer[0] == name} for name in names]
    assert by_type[0]
    assert all(answers == by_type[0] for answers in by_type), "types of the same policies change alike"


def test_a_change_that_is_no_migration_has_no_report(clients: dict[str, Client]) -> None:
    for version in ("v2", "v1"):
        response = clients["refused"](pb.UpdateAppRequest(permission_version=version))
        assert response.app.permission_version == version
        assert not response.HasField("migration_report")


def test_undoing_puts_back_and_tells_what_changes_back(clients: dict[str, Client]) -> None:
    client = clients["undone"]
    hall(client, user=PermissionList(permissions=["pin-message"]))
    before = client(channel_type_pb2.GetChannelTypeRequest(name="hall")).channel_type
    done = client(MIGRATE)
    tried = client(dry(UNDO))
    assert (tried.migration_report.applied, tried.revision) == (False, done.revision)
    undone = client(UNDO)
    assert (undone.app.permission_version, undone.revision) == ("v1", done.revision + 1)
    report = undone.migration_report
    assert (report.applied, report.undone) == (True, True)
    assert report.changes == tried.migration_report.changes
    turned = {(change.channel_type, tuple(change.lost), tuple(change.gained)) for change in report.changes}
    was = {(change.channel_type, tuple(change.gained), tuple(change.lost)) for change in done.migration_report.changes}
    assert turned == was
    after = client(channel_type_pb2.GetChannelTypeRequest(name="hall")).channel_type
    assert (after.grants, after.permissions) == (before.grants, before.permissions)


def test_what_is_refused(clients: dict[str, Client]) -> None:
    client = clients["refused"]
    client(pb.UpdateAppRequest(permission_version="v1"))
    refusal = client.refused(UNDO)
    assert (refusal.code, refusal.reason) == (Code.FAILED_PRECONDITION, "NO_MIGRATION")
    for request, field in (
        (pb.UpdateAppRequest(migrate_permissions_to_v2=True), "migrate_permissions_to_v2"),
        (pb.UpdateAppRequest(migrate_permissions_to_v2=True, permission_version="v1"), "migrate_permissions_to_v2"),
        (pb.UpdateAppRequest(undo_migration=True, permission_version="v1"), "undo_migration"),
        (pb.UpdateAppRequest(undo_migration=True, migrate_permissions_to_v2=True), "undo_migration"),
        (
            pb.UpdateAppRequest(undo_migration=True, update_mask={"paths": ["revoke_tokens_issued_before"]}),
            "undo_migration",
        ),
    ):
        refusal = client.refused(request)
        assert (refusal.code, refusal.fields) == (Code.INVALID_ARGUMENT, (field,))


def test_answers_follow_at_once(clients: dict[str, Client]) -> None:
    client = clients["asked"]
    hall(client)
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="gus", role="guest"), user_pb2.User(id="ann")]))

    def reasons() -> list[str]:
        questions = [
            authorization_pb2.CheckCapabilityRequest(user_id=user, channel="hall:x", capability="read-channel")
            for user in ("gus", "ann")
        ]
        return [Reason.Name(client(question).reason) for question in questions]

    assert reasons() == ["REASON_POLICY_ALLOW", "REASON_POLICY_DENY"]
    client(MIGRATE)
    assert reasons() == ["REASON_ROLE_GRANT", "REASON_NO_GRANT"]
    client(UNDO)
    assert reasons() == ["REASON_POLICY_ALLOW", "REASON_POLICY_DENY"]
