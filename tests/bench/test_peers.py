"""Other engines are asked the same as Rolecall, and those that are not here are left out."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bench.__main__ import run
from bench.peers import cerbos, install, world
from bench.peers.__main__ import KIND
from bench.peers.in_process import would_allow
from rolecall.app.local import local
from rolecall.config import Settings
from rolecall.service.callers import Caller
from rolecall.service.questions import Question


async def test_roles_and_actions_say_what_rolecall_decides(tmp_path: Path) -> None:
    path, roles = await asyncio.to_thread(world.build, tmp_path / "world.db"), world.table()

    async with local(Settings(db=path)) as here:
        (app,) = here.index.apps()
        answers = {}
        for asked in world.everything():
            question = Question(asked.user, asked.call)
            decision, _ = await here.services.authorizer.check(Caller(app.id), question, asked.action)
            answers[asked] = decision.allowed

    assert answers == {asked: would_allow(roles, asked) for asked in answers}
    assert set(answers.values()) == {True, False}


def test_cerbos_has_as_many_roles_and_grants() -> None:
    (rules,) = [value["rules"] for key, value in cerbos.policy().items() if key == "resourcePolicy"]  # type: ignore[index]
    granted = {
        (role, action, "condition" in rule) for rule in rules for role in rule["roles"] for action in rule["actions"]
    }

    assert granted == {
        (role, action, whose == "own")
        for role, held in world.table().items()
        for whose, actions in held._asdict().items()
        for action in actions
    }


def test_cerbos_is_asked_in_its_own_words() -> None:
    asked = world.Asked("ann", "call_member", "default:x", "bob", "send-audio")

    request = cerbos.request(asked, ["default:x"], ["send-audio"])

    principal = b"\x0a\x03ann" + b"\x1a\x04user" + b"\x1a\x0bcall_member"
    attribute = b"\x0a\x05owner" + b"\x12\x05" + b"\x1a\x03bob"
    resource = b"\x0a\x04call" + b"\x1a\x09default:x" + b"\x22\x0e" + attribute
    entry = b"\x0a\x0asend-audio" + b"\x12\x21" + resource
    assert request == b"\x1a\x18" + principal + b"\x22\x2f" + entry


def test_cerbos_answers_are_read_by_call() -> None:
    allow, deny = b"\x0a\x04join\x10\x01", b"\x0a\x04kick\x10\x02"
    result = b"\x0a\x0d\x0a\x05t:one\x12\x04call" + b"\x12\x08" + allow + b"\x12\x08" + deny

    assert cerbos.allowed(b"\x12" + bytes([len(result)]) + result + b"\x1a\x02id") == {"t:one": {"join"}}


def test_engines_that_are_not_here_are_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "HOME", tmp_path)
    file = tmp_path / "report.json"

    assert run(KIND, ["--quick", "--json", str(file)]) == 0

    assert json.loads(file.read_text(encoding="utf-8"))["groups"] == {}
    told = capsys.readouterr().err
    assert "pycasbin and cedarpy" in told
    assert "Cerbos" in told or "h2load" in told
