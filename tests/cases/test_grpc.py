"""Every scenario file put to a server over gRPC: written and asked by a client, on a real port."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest

from tests.cases.test_decide import SCENARIOS, asked
from tests.doors import make_app, refusal_of, running
from tests.grpc_door import GrpcDoor
from tests.scenarios import Check, Listing, Scenario

Doors = Callable[[Scenario], GrpcDoor]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Have a server with one app for each scenario asked about, written when it is first asked for."""
    db = tmp_path_factory.mktemp("cases") / "store.db"
    apps = {scenario.name: make_app(db, scenario.name) for scenario in SCENARIOS}
    written: dict[str, GrpcDoor] = {}

    def door(scenario: Scenario) -> GrpcDoor:
        if scenario.name not in written:
            written[scenario.name] = fresh = GrpcDoor(server, apps[scenario.name])
            fresh.write(scenario.world)
        return written[scenario.name]

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
