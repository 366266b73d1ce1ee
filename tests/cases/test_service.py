"""Every scenario file put to the service: written by the administration into a real store, asked of the authorizer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.errors import RolecallError
from rolecall.service.administration import create_app
from rolecall.service.index import Index
from rolecall.store import Store
from tests.cases.test_decide import ERRORS, MIGRATING, asked
from tests.scenarios import Check, Listing, Scenario
from tests.service_door import ServiceDoor

NEVER = 3_600.0


class Doors:
    """A store with one app for each scenario asked about, written when it is first asked for."""

    def __init__(self, runner: asyncio.Runner, store: Store, index: Index) -> None:
        self.runner = runner
        self._store = store
        self._index = index
        self._doors: dict[str, ServiceDoor] = {}

    def __getitem__(self, scenario: Scenario) -> ServiceDoor:
        if scenario.name not in self._doors:
            self._doors[scenario.name] = self.runner.run(self._written(scenario, scenario.name))
        return self._doors[scenario.name]

    def another(self, scenario: Scenario) -> ServiceDoor:
        """Return one more app with the scenario's world, to be changed."""
        return self.runner.run(self._written(scenario, f"{scenario.name}, to be changed"))

    async def _written(self, scenario: Scenario, name: str) -> ServiceDoor:
        key = name.replace(", ", "-").replace(" ", "-")
        app, _, _ = await create_app(self._store, name, key=key, secret=f"secret of {name}")
        await self._index.refresh()
        door = ServiceDoor(self._store, self._index, app)
        await door.write(scenario.world)
        return door


async def opened(stack: AsyncExitStack, path: Path) -> tuple[Store, Index]:
    store = await Store.open(str(path))
    stack.push_async_callback(store.close)
    index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
    await index.start()
    stack.push_async_callback(index.stop)
    return store, index


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        yield Doors(runner, *runner.run(opened(stack, tmp_path_factory.mktemp("cases") / "store.db")))
        runner.run(stack.aclose())


@pytest.mark.parametrize(("scenario", "check"), asked("checks"))
def test_check(doors: Doors, scenario: Scenario, check: Check) -> None:
    door, ask = doors[scenario], doors.runner.run
    if check.expected.error:
        with pytest.raises(RolecallError) as caught:
            ask(door.check(check.question))
        assert isinstance(caught.value, ERRORS[check.expected.error])
        return
    answer = ask(door.check(check.question))
    assert check.expected.met_by(answer), answer
    assert ask(door.explain(check.question)) == answer


@pytest.mark.parametrize(("scenario", "listing"), asked("lists"))
def test_list(doors: Doors, scenario: Scenario, listing: Listing) -> None:
    door, ask = doors[scenario], doors.runner.run
    if listing.error:
        with pytest.raises(RolecallError) as caught:
            ask(door.capabilities(listing.question))
        assert isinstance(caught.value, ERRORS[listing.error])
        return
    assert ask(door.capabilities(listing.question)) == listing.own_capabilities


@pytest.mark.parametrize(("scenario", "admission"), asked("admissions"))
def test_admission(doors: Doors, scenario: Scenario, admission: Check) -> None:
    door, ask = doors[scenario], doors.runner.run
    if admission.expected.error:
        with pytest.raises(RolecallError) as caught:
            ask(door.admission(admission.question))
        assert isinstance(caught.value, ERRORS[admission.expected.error])
        return
    answer = ask(door.admission(admission.question))
    assert admission.expected.met_by(answer), answer


@pytest.mark.parametrize("scenario", MIGRATING, ids=lambda scenario: scenario.name)
def test_migrating_and_undoing_it(doors: Doors, scenario: Scenario) -> None:
    door, ask, migration = doors.another(scenario), doors.runner.run, scenario.migration
    assert migration is not None
    planned = ask(door.migrate(dry_run=True))
    answers_are(scenario.checks, door, ask)
    report = ask(door.migrate())
    assert report == planned
    for cell, change in migration.report.items():
        assert report.get(cell, ([], [])) == change, cell
    answers_are(migration.checks, door, ask)
    for listing in migration.lists:
        assert ask(door.capabilities(listing.question)) == listing.own_capabilities
    assert ask(door.migrate()) == {}  # again: there is nothing left to change
    ask(door.undo())
    answers_are(scenario.checks, door, ask)


def answers_are(checks: list[Check], door: ServiceDoor, ask: Callable[..., Any]) -> None:
    for check in checks:
        answer = ask(door.check(check.question))
        assert check.expected.met_by(answer), (check.question, answer)
