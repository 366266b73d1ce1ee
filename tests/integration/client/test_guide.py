"""The code of the guides and of the README, run as it is printed, beside a server: for most of it, with demo data."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.doors import make_app, running
from tests.e2e.cli_process import answer, environment, rolecall

ROOT: Final = Path(__file__).parents[3]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
TEXT: Final = README + (ROOT / "docs/python-client.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
CURL: Final = re.compile(r"^curl http://127.0.0.1:8080/(?:.*\\\n)*.*", re.MULTILINE)
CURLS: Final = CURL.findall(README)
START: Final = (
    (ROOT / "docs/sidecar.md").read_text(encoding="utf-8").partition("\n## Start it")[2].partition("\n## ")[0]
)
NEEDS_CURL: Final = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on PATH")
BASH: Final = shutil.which("bash") or "bash"
PRINTS: Final = (
    r"True\nBACKSTAGE\n",
    r"ROLE_GRANT user send-audio \d+\ngo on\n\[True, False, False\]\nTrue .+\nann host \[.+\]\n(.+\n){3}False\n.+\n",
    r"\[.*'ann'.*\]\n",
    r"BLOCKED\n",
    r"((ann|bob|gil) \['.+\] \[\] snapshot \d+\n){3}",
    r"Verdict\(allowed=True, reason='HELD'.*\) \d\.\d+ True\n",
)


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The server's address, and the variables that the guide asks for."""
    db = tmp_path_factory.mktemp("guide") / "dev.db"
    with running(db, dev=True) as server:
        key = answer("app", "list", "--db", db)[0]["keys"][0]
        token = rolecall("token", "--db", db, "--key", key).out.strip()
        yield {"ROLECALL_API_KEY": key, "ROLECALL_TOKEN": token, "ADDRESS": server.listen[0], "HTTP": server.http}


@pytest.mark.parametrize("place", range(len(PRINTS)))
def test_each_block_runs_and_prints_what_it_should(place: int, caller: dict[str, str]) -> None:
    code = BLOCKS[place].replace("127.0.0.1:50051", caller["ADDRESS"])
    assert code != BLOCKS[place]
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        env=environment(**caller),
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert re.fullmatch(PRINTS[place], ended.stdout), ended.stdout


def curled(commands: list[str], caller: dict[str, str]) -> list[str]:
    """Return what the commands print."""
    lines = [command.replace("http://127.0.0.1:8080", caller["HTTP"]) for command in commands]
    return [subprocess.check_output([BASH, "-c", line], env=environment(**caller), text=True) for line in lines]


@NEEDS_CURL
def test_the_commands_in_json_work_as_printed(caller: dict[str, str]) -> None:
    """These come last: the second one blocks somebody."""
    checked, blocked = curled(CURLS, caller)
    assert '"reason": "REASON_OWNER_ONLY"' in checked.replace('":"', '": "')
    assert "revision" in blocked


@NEEDS_CURL
def test_the_first_user_of_the_sidecar_guide_is_answered_as_printed(tmp_path: Path) -> None:
    app = make_app(tmp_path / "new.db")
    with running(tmp_path / "new.db") as server:
        caller = {"ROLECALL_API_KEY": app.key, "ROLECALL_TOKEN": app.token(), "HTTP": server.http}
        _, answered = curled(CURL.findall(START), caller)
    told = re.search(r"^```json\n(.*?)^```$", START, re.MULTILINE | re.DOTALL)
    assert told
    assert json.loads(answered) == json.loads(told[1])


def test_no_block_is_left_out() -> None:
    assert len(BLOCKS) == len(PRINTS)
