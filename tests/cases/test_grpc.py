"""Every scenario file put to a server over gRPC: written and asked by a client, on a real port."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest

from tests.cases.test_decide import MIGRATING, SCENARIOS, asked
from tests.doors import make_apps, refusal_of, running
from tests.grpc_door import GrpcDoor
from tests.scenarios import Check, Listing, Scenario

Doors = Callable[..., GrpcDoor]


def to_change(scenario: Scenario) -> str:
    """Return the name of one more app with the scenario's world."""
    return f"{scenario.name}, to be changed"


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Have a server with one app for each scenario asked about, written when it is first asked for."""
    db = tmp_path_factory.mktemp("cases") / "store.db"
    names = [scenario.name for scenario in SCENARIOS] + [to_change(scenario) for scenario in MIGRATING]
    apps = make_apps(db, names)
    written: dict[str, GrpcDoor] = {}

    def door(scenario: Scenario, *, name: str = "") -> GrpcDoor:
        name = name or scenario.name
        if name not in written:
            written[name] = fresh = GrpcDoor(server, apps[name])
            fresh.write(scenario.world)
        return written[name]

    with running(db) as server:
        yield door


def refused_as(code: str, ask: Callable[[], object]) -> bool:
    with pytest.raises(grpc.RpcError) as caught:
        ask()
    return bool(refusal_of(caught.value).code.name == code)


@pytest.mark.parametrize(("scenario", "check"), asked("checks"))
def test_check(doors: Doors, scenario: Scenario, check: Check) -> None:
    door = doors(scenario)
    if check.expected.error:
        assert refused_as(check.expected.error, lambda: door.check(check.question))
        return
    answer = door.check(check.question)
    assert check.expected.met_by(answer), answer
    assert door.explain(check.question) == answer


def for_a_server(scenario: Scenario) -> list[Check]:
    return [row for row in scenario.checks if not row.expected.error and not row.question.get("token")]


@pytest.mark.parametrize(
    "scenario", [one for one in SCENARIOS if for_a_server(one)], ids=lambda scenario: scenario.name
)
def test_all_checks_of_a_file_in_one_batch(doors: Doors, scenario: Scenario) -> None:
    checks = for_a_server(scenario)
    answers = doors(scenario).batch(row.question for row in checks)
    assert len(answers) == len(checks)
    for row, answer in zip(checks, answers, strict=True):
        assert row.expected.met_by(answer), row.question


@pytest.mark.parametrize(("scenario", "listing"), asked("lists"))
def test_list(doors: Doors, scenario: Scenario, listing: Listing) -> None:
    door = doors(scenario)
    if listing.error:
        assert refused_as(listing.error, lambda: door.capabilities(listing.question))
        return
    assert door.capabilities(listing.question) == listing.own_capabilities


@pytest.mark.parametrize(("scenario", "admission"), asked("admissions"))
def test_admission(doors: Doors, scenario: Scenario, admission: Check) -> None:
    door = doors(scenario)
    if admission.expected.error:
        assert refused_as(admission.expected.error, lambda: door.admission(admission.question, scenario.world))
        return
    answer = door.admission(admission.question, scenario.world)
    expected = admission.expected._replace(role=None, permission=None)  # which a response of this RPC does not say
    assert expected.met_by(answer), answer


@pytest.mark.parametrize("scenario", MIGRATING, ids=lambda scenario: scenario.name)
def test_migrating_and_undoing_it(doors: Doors, scenario: Scenario) -> None:
    door, migration = doors(scenario, name=to_change(scenario)), scenario.migration
    assert migration is not None
    planned = door.migrate(dry_run=True)
    answers_are(scenario.checks, door)
    report = door.migrate()
    assert report == planned
    for cell, change in migration.report.items():
        assert report.get(cell, ([], [])) == change, cell
    answers_are(migration.checks, door)
    for listing in migration.lists:
        assert door.capabilities(listing.question) == listing.own_capabilities
    door.undo()
    answers_are(scenario.checks, door)


def answers_are(checks: list[Check], door: GrpcDoor) -> None:
    for check in checks:
        answer = door.check(check.question)
        assert check.expected.met_by(answer), (check.question, answer)
