"""`rolecall config`, `db` and `version`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

STANDUP = ("--call", "default:standup")


# --- config ----------------------------------------------------------------------------------------------------------


def test_config_says_where_values_come_from_and_masks_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLECALL_CACHE_MB", "32")
    monkeypatch.setenv("ROLECALL_TOKEN", "eyJsecret")
    monkeypatch.setenv("ROLECALL_APP_SECRET", "hunter2")
    monkeypatch.setenv("ROLECALL_CASHE_MB", "1")
    result = run("config", "--db", "x.db", "--json")
    rows = {row.pop("name"): row for row in json.loads(result.out)}
    assert rows["db"] == {"value": "x.db", "source": "flag", "place": "--db"}
    assert rows["cache_mb"] == {"value": "32", "source": "environment", "place": "ROLECALL_CACHE_MB"}
    assert rows["refresh_ms"] == {"value": "100", "source": "default", "place": ""}
    assert rows["token"]["value"] == "********"
    assert result.err.startswith("warning: `ROLECALL_CASHE_MB`")
    text = run("config", "--db", "x.db")
    assert ["db", "x.db", "flag", "`--db`"] in [line.split() for line in text.out.splitlines()]
    said = result.out + result.err + text.out + text.err
    assert not any(secret in said for secret in ("eyJsecret", "hunter2"))
    assert "APP_SECRET" not in said


def test_config_tells_every_problem_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("cache_mb = 1\nlisten = 5\n")
    result = run("config", "--config", "bad.toml", "--refresh-ms", "x")
    assert (result.code, result.out) == (2, "")
    assert len(result.err.splitlines()) == 3
    assert all(line.startswith("error: ") for line in result.err.splitlines())


# --- db, version -----------------------------------------------------------------------------------------------------


def test_a_backup_answers_like_the_store(run: Run, demo: str, tmp_path: Path) -> None:
    result = run("db", "backup", "copy.db", "--db", demo, "--json")
    assert json.loads(result.out) == {
        "db": demo,
        "backup": "copy.db",
        "bytes": (tmp_path / "copy.db").stat().st_size,
    }
    assert run("check", "bob", "send-audio", *STANDUP, "--db", "copy.db").code == 0
    again = run("db", "backup", "copy.db", "--db", demo)
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith("error: `copy.db` exists")


def test_a_sound_store_and_damaged_ones(run: Run, demo: str, tmp_path: Path) -> None:
    assert run("db", "check", "--db", demo) == (0, f"`{demo}` is sound\n", "")
    (tmp_path / "bad.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8192)
    bad = run("db", "check", "--db", "bad.db", "--json")
    assert bad.code == 1
    said = json.loads(bad.out)
    assert (said["db"], said["sound"], len(said["problems"])) == ("bad.db", False, 1)
    text = run("db", "check", "--db", "bad.db")
    assert text.code == 1
    assert text.out.startswith("`bad.db` is unsound\n  ")
    assert "restore a backup" in text.out
    assert "db check" not in text.out + bad.out  # that is what was asked


@pytest.mark.parametrize(
    "command",
    [("db", "check"), ("db", "backup", "copy.db"), ("app", "list"), ("token",), ("check", "bob", "send-audio")],
    ids=" ".join,
)
def test_an_empty_file_is_refused_and_stays_empty(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "empty.db").touch()
    assert run(*command, "--db", "empty.db") == (1, "", "error: `empty.db` is empty: no store\n")
    assert [(entry.name, entry.stat().st_size) for entry in tmp_path.iterdir()] == [("empty.db", 0)]


def test_an_empty_file_becomes_a_store_with_the_first_app(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    assert run("app", "create", "acme", "--db", "empty.db").code == 0
    assert run("db", "check", "--db", "empty.db").code == 0


def test_version(run: Run) -> None:
    assert run("version").out.startswith("rolecall ")
    assert run("version").out == run("--version").out
    assert json.loads(run("version", "--json").out) == {"version": run("version").out.split()[1]}
