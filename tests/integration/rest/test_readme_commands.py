"""The commands of the README, which are those of Stream's documentation: run as they are printed there, in order."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from tests.doors import App, Server, make_app, running
from tests.integration.rest.shapes import CALL, CALL_TYPE, PERMISSION, check

README: Final = Path(__file__).parents[3] / "README.md"
SECTION: Final = "## With Stream's own API"


class Told(NamedTuple):
    """One command of the README: what it asks for, and as it is printed."""

    what: str
    command: str


def told() -> list[Told]:
    section = README.read_text(encoding="utf-8").partition(SECTION)[2].partition("\n## ")[0]
    lines = "\n".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)).replace("\\\n", "")
    commands = [line for line in lines.splitlines() if line.startswith("curl ")]
    return [Told(_what(command), command) for command in commands]


def _what(command: str) -> str:
    match = re.match(r'curl (?:-X ([A-Z]+) )?"\$URL([^?]+)\?', command)
    assert match is not None, command
    return f"{match[1] or 'GET'} {match[2]}"


class Shell(NamedTuple):
    """Runs commands against a server, their variables filled in."""

    server: Server
    app: App

    def run(self, command: str) -> httpx.Response:
        for variable, value in (("$URL", self.server.http), ("$KEY", self.app.key), ("$TOKEN", self.app.token())):
            command = command.replace(variable, value)
        words = shlex.split(command)
        assert words.pop(0) == "curl"
        method, url, headers, content = "GET", "", {}, None
        while words:
            match words.pop(0):
                case "-X":
                    method = words.pop(0)
                case "-H":
                    name, _, value = words.pop(0).partition(": ")
                    headers[name] = value
                case "-d":
                    content = words.pop(0)
                case word:
                    url = word
        return httpx.request(method, url, headers=headers, content=content, timeout=20)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    db = tmp_path_factory.mktemp("commands") / "rolecall.db"
    app = make_app(db)
    with running(db) as server:
        yield Shell(server, app)


def test_the_commands_of_the_readme_work_as_printed(shell: Shell) -> None:
    users = f"{shell.server.http}/api/v2/users?api_key={shell.app.key}"
    headers = {"Authorization": shell.app.token(), "stream-auth-type": "jwt"}
    assert httpx.post(users, headers=headers, json={"users": {"ann": {"id": "ann"}}}).status_code == 201
    commands = told()
    assert [one.what for one in commands] == [
        "POST /api/v2/roles",
        "POST /api/v2/video/calltypes",
        "PUT /api/v2/video/calltypes/default",
        "GET /api/v2/video/permissions",
        "GET /api/v2/video/calltypes",
        "PATCH /api/v2/users",
        "PATCH /api/v2/app",
        "PATCH /app",
        "POST /api/v2/video/call/default/standup",
    ]

    # Without its role the call type is refused, and nothing is changed.
    refused = shell.run(commands[1].command)
    assert (refused.status_code, refused.json()["code"]) == (400, 4)
    assert refused.json()["message"] == 'CreateCallType failed with error: "role "customrole" does not exist"'
    assert "allhands" not in shell.run(commands[4].command).json()["call_types"]

    answers: dict[str, Any] = {}
    for what, command in commands:
        answer = shell.run(command)
        assert answer.is_success, answer.text
        answers[what] = answer.json()
    made, changed = answers["POST /api/v2/video/calltypes"], answers["PUT /api/v2/video/calltypes/default"]
    check(made, CALL_TYPE, nanoseconds=True)
    assert made["grants"]["customrole"] == changed["grants"]["customrole"] == ["send-audio", "send-video"]
    assert made["settings"]["audio"]["default_device"] == "speaker"
    assert set(changed["grants"]["admin"]) == {"send-audio", "send-video", "mute-users"}
    check(answers["GET /api/v2/video/permissions"], {"permissions": [PERMISSION]}, nanoseconds=True)
    types = answers["GET /api/v2/video/calltypes"]["call_types"]
    assert (types["allhands"]["grants"], types["default"]["grants"]) == (made["grants"], changed["grants"])
    assert answers["PATCH /api/v2/users"]["users"]["ann"]["role"] == "global_admin"
    app = httpx.get(f"{shell.server.http}/app?api_key={shell.app.key}", headers=headers).json()["app"]
    assert app["permission_version"] == "v1"
    call = answers["POST /api/v2/video/call/default/standup"]
    check(call["call"], CALL, nanoseconds=True)
    assert len(call["own_capabilities"]) == 36
