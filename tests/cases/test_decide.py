"""Every scenario file put to the domain's functions, and to the oracle, which must know the rules as well."""

from __future__ import annotations

from typing import Any, Final

import pytest

from rolecall.domain.errors import InvalidInput, NotFound
from tests import oracle, translation
from tests.domain_door import DomainDoor
from tests.scenarios import Check, Listing, Scenario, scenarios

SCENARIOS: Final = tuple(scenarios())
DOORS: Final = {scenario.name: DomainDoor(scenario.world) for scenario in SCENARIOS}
ERRORS: Final = {"NOT_FOUND": NotFound, "INVALID_ARGUMENT": InvalidInput}


def asked(kind: str, *, after: bool = False) -> list[Any]:
    """Return a test parameter per question of a kind (`checks`, `lists`, `admissions`), or those after migrating."""
    return [
        pytest.param(scenario, row, id=f"{scenario.name}-{number}-{_phrase(row.question)}")
        for scenario in SCENARIOS
        for number, row in enumerate(getattr(scenario.migration if after else scenario, kind, ()), start=1)
    ]


def _phrase(question: oracle.Question) -> str:
    words = (question["user"], question.get("capability"), question.get("call") or question.get("channel"))
    return " ".join(word for word in words if word)


@pytest.mark.parametrize(("scenario", "check"), asked("checks"))
def test_check(scenario: Scenario, check: Check) -> None:
    door = DOORS[scenario.name]
    if check.expected.error:
        with pytest.raises(ERRORS[check.expected.error]):
            door.check(check.question)
        return
    for answer in (door.check(check.question), oracle.check(scenario.world, check.question)):
        assert check.expected.met_by(answer), answer


@pytest.mark.parametrize(("scenario", "listing"), asked("lists"))
def test_list(scenario: Scenario, listing: Listing) -> None:
    door = DOORS[scenario.name]
    if listing.error:
        with pytest.raises(ERRORS[listing.error]):
            door.capabilities(listing.question)
        return
    assert door.capabilities(listing.question) == listing.own_capabilities
    assert oracle.capabilities(scenario.world, listing.question) == set(listing.own_capabilities)


@pytest.mark.parametrize(("scenario", "admission"), asked("admissions"))
def test_admission(scenario: Scenario, admission: Check) -> None:
    door = DOORS[scenario.name]
    if admission.expected.error:
        with pytest.raises(ERRORS[admission.expected.error]):
            door.admission(admission.question)
        return
    for answer in (door.admission(admission.question), oracle.admission(scenario.world, admission.question)):
        assert admission.expected.met_by(answer), answer


MIGRATING: Final = [scenario for scenario in SCENARIOS if scenario.migration]
MIGRATED: Final = {scenario.name: DOORS[scenario.name].migrated() for scenario in MIGRATING}


@pytest.mark.parametrize(("scenario", "check"), asked("checks", after=True))
def test_check_after_migrating(scenario: Scenario, check: Check) -> None:
    world = translation.migrated(scenario.world)
    for answer in (MIGRATED[scenario.name].check(check.question), oracle.check(world, check.question)):
        assert check.expected.met_by(answer), answer


@pytest.mark.parametrize(("scenario", "listing"), asked("lists", after=True))
def test_list_after_migrating(scenario: Scenario, listing: Listing) -> None:
    assert MIGRATED[scenario.name].capabilities(listing.question) == listing.own_capabilities
    assert oracle.capabilities(translation.migrated(scenario.world), listing.question) == set(listing.own_capabilities)


@pytest.mark.parametrize("scenario", MIGRATING, ids=lambda scenario: scenario.name)
def test_report_of_a_migration(scenario: Scenario) -> None:
    door, after = DOORS[scenario.name], translation.migrated(scenario.world)
    found = door.report(MIGRATED[scenario.name])
    assert scenario.migration is not None
    for cell, change in scenario.migration.report.items():
        assert found.get(cell, ([], [])) == change, cell
        assert translation.change(scenario.world, after, cell) == change, cell


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_file_asks_something_and_says_what_it_is_about(scenario: Scenario) -> None:
    assert scenario.about
    assert scenario.checks or scenario.lists or scenario.admissions or scenario.migration


def test_the_files_meet_every_reason() -> None:
    rows = [row for scenario in SCENARIOS for row in (*scenario.checks, *scenario.admissions)]
    met = {row.expected.reason for row in rows if row.expected.reason}
    assert met == {
        "ROLE_GRANT",
        "USER_GRANT",
        "POLICY_ALLOW",
        "POLICY_DENY",
        "CHECKS_DISABLED",
        "FEATURE_ENABLED",
        "NO_GRANT",
        "OWNER_ONLY",
        "OTHER_TEAM",
        "USER_REVOKED",
        "SETTING_DISABLED",
        "FEATURE_DISABLED",
        "BLOCKED",
        "BANNED",
        "DEACTIVATED",
        "UNKNOWN_USER",
        "CHANNEL_FROZEN",
        "CHANNEL_DISABLED",
        "BACKSTAGE",
        "ENDED",
    }
