"""`rolecall app` and `rolecall token`: who may see a secret, and what tokens say."""

from __future__ import annotations

import io
import json
import re
import time
from typing import Any

import jwt
import pytest

from tests.unit.cli.conftest import Result, Run

LONG = "x" * 32


def created(run: Run, name: str = "acme", *flags: str) -> dict[str, str]:
    result = run("app", "create", name, "--db", "a.db", "--json", *flags)
    assert (result.code, result.err) == (0, "")
    made: dict[str, str] = json.loads(result.out)
    assert list(made) == ["app", "key", "secret"]
    return made


def claims(result: Result, secret: str) -> dict[str, Any]:
    assert (result.code, result.err) == (0, "")
    token = result.out.removesuffix("\n")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token)
    said: dict[str, Any] = jwt.decode(
        token, secret.encode(), algorithms=["HS256"], options={"enforce_minimum_key_length": False}
    )
    assert said.pop("iat") == pytest.approx(time.time(), abs=60)
    return said


# --- app create ------------------------------------------------------------------------------------------------------


def test_an_app_gets_a_random_key_and_secret(run: Run) -> None:
    one, two = created(run, "one"), created(run, "two")
    assert one["key"] != two["key"]
    assert one["secret"] != two["secret"]
    assert len(one["secret"]) == 64


def test_people_see_the_same_three_things(run: Run) -> None:
    result = run("app", "create", "acme", "--key", "k1", "--secret", LONG)
    assert result.out.startswith(f"app     acme\nkey     k1\nsecret  {LONG}\n\nKeep the secret")


def test_a_secret_from_the_command_line_stdin_or_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert created(run, "one", "--key", "k1", "--secret", LONG) == {"app": "one", "key": "k1", "secret": LONG}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{LONG}!\nmore\n"))
    assert created(run, "two", "--secret", "-")["secret"] == f"{LONG}!"
    monkeypatch.setenv("ROLECALL_APP_SECRET", f"{LONG}?")
    assert created(run, "three")["secret"] == f"{LONG}?"
    assert created(run, "four", "--secret", LONG)["secret"] == LONG


def test_an_empty_secret_is_refused_and_an_empty_variable_is_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    for flag in ("", "-"):
        result = run("app", "create", "acme", "--secret", flag)
        assert (result.code, result.out, result.err) == (2, "", "error: the secret is empty\n")
    monkeypatch.setenv("ROLECALL_APP_SECRET", "")
    assert len(created(run)["secret"]) == 64


def test_a_short_secret_is_warned_of_without_showing_it(run: Run) -> None:
    result = run("app", "create", "acme", "--secret", "hunter2", "--json")
    assert (result.code, json.loads(result.out)["secret"]) == (0, "hunter2")
    assert result.err == "warning: a secret of 32 bytes or more is harder to guess\n"


@pytest.mark.parametrize(
    ("flags", "code", "error"),
    [
        (["acme"], 1, "acme"),
        (["other", "--key", "k1"], 1, "k1"),
        (["other", "--key", "no spaces"], 2, "`key` must be"),
        (["other", "--secret", "s" * 1025], 2, "`secret` must be 1 to 1024 bytes"),
        (["ctrl\x07"], 2, "control character"),
    ],
)
def test_what_can_not_be_created(run: Run, flags: list[str], code: int, error: str) -> None:
    created(run, "acme", "--key", "k1")
    result = run("app", "create", "--db", "a.db", *flags)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith("error: ")
    assert error in result.err
    assert "ssss" not in result.err


# --- app list, app rotate-secret -------------------------------------------------------------------------------------


def test_the_list_names_everything_but_secrets(run: Run) -> None:
    made = [created(run, "one", "--key", "k1", "--permission-version", "v1"), created(run, "two", "--key", "k2")]
    as_json, as_text = run("app", "list", "--db", "a.db", "--json"), run("app", "list", "--db", "a.db")
    rows = json.loads(as_json.out)
    assert [(row["name"], row["keys"], row["permission_version"], row["revision"]) for row in rows] == [
        ("one", ["k1"], "v1", 1),
        ("two", ["k2"], "v2", 1),
    ]
    heading, *lines = as_text.out.splitlines()
    assert heading.split("  ")[0] == "NAME"
    assert [line.split() for line in lines] == [
        ["one", "k1", "v1", "1", rows[0]["created_at"]],
        ["two", "k2", "v2", "1", rows[1]["created_at"]],
    ]
    assert not any(app["secret"] in as_json.out + as_text.out for app in made)


def test_a_list_of_no_apps_says_how_to_make_one(run: Run) -> None:
    created(run)
    result = run("app", "list", "--db", "missing.db")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: cannot open or write store `missing.db`")


def test_rotation_adds_a_secret_and_tokens_are_signed_with_the_newest(run: Run) -> None:
    old = created(run)["secret"]
    rotated = json.loads(run("app", "rotate-secret", "acme", "--db", "a.db", "--json").out)
    assert rotated == {"app": "acme", "secret": rotated["secret"], "old_secrets": "live"}
    assert rotated["secret"] != old
    assert claims(run("token", "--db", "a.db"), rotated["secret"]) == {"server": True}


def test_rotation_says_whether_the_old_secrets_live(run: Run) -> None:
    created(run)
    assert "The old ones still live" in run("app", "rotate-secret", "acme", "--db", "a.db").out
    assert "The old ones are dropped" in run("app", "rotate-secret", "acme", "--db", "a.db", "--drop-old").out
    assert run("app", "rotate-secret", "nobody", "--db", "a.db").code == 2


# --- token -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([], {"server": True}),
        (["--user", "bob"], {"user_id": "bob"}),
        (
            ["--user", "bob", "--call", "default:a", "--call", "default:b:c", "--role", "host"],
            {"user_id": "bob", "call_cids": ["default:a", "default:b:c"], "role": "host"},
        ),
        (["--user", "bob", "--call", "default:a"], {"user_id": "bob", "call_cids": ["default:a"]}),
        (["--user", "bob", "--channel", "messaging:a"], {"user_id": "bob", "channel_cids": ["messaging:a"]}),
        (["--key", "k1"], {"server": True}),
        (["--app", "acme"], {"server": True}),
    ],
)
def test_what_tokens_say(run: Run, flags: list[str], expected: dict[str, Any]) -> None:
    secret = created(run, "acme", "--key", "k1")["secret"]
    assert claims(run("token", "--db", "a.db", *flags), secret) == expected


def test_machines_get_the_token_under_its_name(run: Run) -> None:
    secret = created(run)["secret"]
    result = run("token", "--db", "a.db", "--json")
    assert list(json.loads(result.out)) == ["token"]
    alone = Result(result.code, json.loads(result.out)["token"], result.err)
    assert claims(alone, secret) == {"server": True}


def test_expiry_counts_from_the_issue(run: Run) -> None:
    secret = created(run)["secret"]
    token = run("token", "--db", "a.db", "--user", "bob", "--expires", "15m").out.strip()
    said = jwt.decode(token, secret.encode(), algorithms=["HS256"])
    assert said["exp"] - said["iat"] == 900


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # from this test's own decoding
def test_a_token_of_a_short_secret_is_the_token_alone(run: Run) -> None:
    run("app", "create", "acme", "--db", "a.db", "--secret", "hunter2")
    assert claims(run("token", "--db", "a.db"), "hunter2") == {"server": True}


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (["--call", "default:a"], "`--call` and `--channel` need `--user`"),
        (["--user", "bob", "--role", "host"], "`--role` needs `--call` or `--channel`"),
        (["--user", "bob", "--call", "standup"], "`--call` must be `<type>:<id>`, got `standup`"),
        (["--user", "bob", "--call", "default:a", "--role", "no role"], "`--role` must be a role name"),
        (["--user", ""], "`--user` is required"),
        (["--key", "nope"], "does not hold an app with key `nope`"),
        (["--app", "nope"], "does not hold an app `nope`"),
    ],
)
def test_what_is_no_token(run: Run, flags: list[str], error: str) -> None:
    created(run)
    result = run("token", "--db", "a.db", *flags)
    assert (result.code, result.out) == (2, "")
    assert error in result.err


def test_a_role_that_does_not_exist_is_warned_of(run: Run) -> None:
    created(run)
    result = run("token", "--db", "a.db", "--user", "bob", "--call", "default:a", "--role", "hots")
    assert (result.code, result.err) == (0, "warning: app `acme` has no role `hots` yet\n")


def test_an_app_must_be_named_when_there_are_several(run: Run) -> None:
    created(run, "one")
    created(run, "two")
    result = run("token", "--db", "a.db")
    assert (result.code, result.out) == (2, "")
    assert result.err == ("error: store `a.db` holds several apps: `one`, `two`\nhint: name one with --key or --app\n")


def test_a_rotation_ends_with_only_the_newest_secret(run: Run) -> None:
    app = created(run)
    rotated = json.loads(run("app", "rotate-secret", "acme", "--db", "a.db", "--json").out)
    assert json.loads(run("app", "rotate-secret", "acme", "--db", "a.db", "--finish", "--json").out) == {
        "app": "acme",
        "dropped": 1,
    }
    token = run("token", "--db", "a.db", "--key", app["key"])
    assert claims(token, rotated["secret"]) == {"server": True}
    assert "dropped 0 old secrets" in run("app", "rotate-secret", "acme", "--db", "a.db", "--finish").out
