"""Commands that read, through the door to a store file: output for people, JSON for machines, exit codes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.cli.asking import _outcome, _reason
from rolecall.store import Store
from tests.unit.cli.conftest import Run

STANDUP = ("--call", "default:standup")
LAUNCH = ("--call", "livestream:launch")
GENERAL = ("--channel", "messaging:general")


def asked(run: Run, demo: str, *argv: str) -> Any:
    result = run(*argv, "--db", demo, "--json")
    assert result.err == ""
    return json.loads(result.out)


# --- check -----------------------------------------------------------------------------------------------------------


def test_an_allow_and_a_deny(run: Run, demo: str) -> None:
    yes = run("check", "bob", "send-audio", *STANDUP, "--db", demo)
    assert yes == (0, "allowed  ROLE_GRANT  role `user` holds `send-audio`  revision 5\n", "")
    no = run("check", "nobody", "send-audio", *STANDUP, "--db", demo)
    assert no == (3, "denied  UNKNOWN_USER  revision 5\n", "")


def test_machines_get_stable_keys(run: Run, demo: str) -> None:
    assert asked(run, demo, "check", "bob", "send-audio", *STANDUP) == {
        "allowed": True,
        "reason": "ROLE_GRANT",
        "role": "user",
        "permission": "send-audio",
        "policy": "",
        "revision": 5,
    }
    assert run("check", "bob", "send-video", *LAUNCH, "--db", demo, "--json").code == 3


@pytest.mark.parametrize(
    ("question", "without", "flags", "reason"),
    [
        (("bob", "send-video", *LAUNCH), "OWNER_ONLY", ["--member-role", "host"], "ROLE_GRANT"),
        (("bob", "send-video", *LAUNCH), "OWNER_ONLY", ["--created-by", "bob"], "ROLE_GRANT"),
        (("bob", "send-video", *STANDUP), "ROLE_GRANT", ["--setting", "video.enabled=off"], "SETTING_DISABLED"),
        (("bob", "send-video", *STANDUP), "ROLE_GRANT", ["--blocked"], "BLOCKED"),
        (("bob", "send-video", *STANDUP), "ROLE_GRANT", ["--no-blocked"], "ROLE_GRANT"),
        (("bob", "send-message", *GENERAL), "ROLE_GRANT", ["--frozen"], "CHANNEL_FROZEN"),
        (("bob", "send-message", *GENERAL), "ROLE_GRANT", ["--disabled"], "CHANNEL_DISABLED"),
        (("bob", "send-message", *GENERAL), "ROLE_GRANT", ["--member-role", ""], "OWNER_ONLY"),
        (("bob", "send-reply", *GENERAL), "ROLE_GRANT", ["--setting", "replies=false"], "FEATURE_DISABLED"),
        (("bob", "slow-mode", *GENERAL), "FEATURE_DISABLED", ["--cooldown", "10"], None),
        (("bob", "update-user"), "OWNER_ONLY", ["--owner", "bob"], "ROLE_GRANT"),
    ],
)
def test_what_if(
    run: Run, demo: str, question: tuple[str, ...], without: str, flags: list[str], reason: str | None
) -> None:
    stored, supposed = asked(run, demo, "check", *question), asked(run, demo, "check", *question, *flags)
    assert stored["reason"] == without
    assert supposed["reason"] == reason if reason else supposed["allowed"]


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ("video.enabled", "`--setting` takes PATH=VALUE"),
        ("video.enabeld=on", "there is no setting `video.enabeld`; did you mean `video.enabled`"),
        ("video=on", "there is no setting `video`"),
        ("video.enabled=perhaps", "setting `video.enabled` is on or off, got `perhaps`"),
        ("ring.auto_cancel_timeout_ms=soon", "setting `ring.auto_cancel_timeout_ms` is a whole number, got `soon`"),
        ("ring.auto_cancel_timeout_ms=4294967296", "is a whole number, got `4294967296`"),
        ("recording.mode=perhaps", "recording.mode"),
    ],
)
def test_settings_that_can_not_be(run: Run, demo: str, setting: str, error: str) -> None:
    result = run("check", "bob", "send-video", *STANDUP, "--setting", setting, "--db", demo)
    assert (result.code, result.out) == (2, "")
    assert error in result.err


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (("bob", "send-audo", *STANDUP), "did you mean `send-audio`"),
        (("bob", "send-audio", "--call", "standup"), "`call` must be `<type>:<id>`, got `standup`"),
        (("bob", "send-audio", "--call", "nope:x"), "call type `nope` does not exist (field `call`)"),
        (("bob", "send-audio", "--call", ""), "`call` must not be empty"),
        (("", "send-audio", *STANDUP), "`user_id` is required"),
        (("b\x00b", "send-audio", *STANDUP), "`user_id` holds a control character: `b\\x00b`"),
        (("b\udcffb", "send-audio", *STANDUP), "an argument is not valid UTF-8"),
        (("bob", "search-user", "--setting", "a=b"), "`--setting` needs `--call` or `--channel`"),
        (("bob", "send-audio", *STANDUP, "--frozen"), "`facts.frozen` says nothing about a call"),
        (("bob", "send-message", *GENERAL, "--cooldown", "9999999999"), "`--cooldown` must be"),
    ],
)
def test_bad_input_is_told_with_the_field_and_ends_with_2(
    run: Run, demo: str, argv: tuple[str, ...], error: str
) -> None:
    result = run("check", *argv, "--db", demo)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert error in result.err


def test_an_answer_that_is_not_there_yet_is_no_bad_input(run: Run, demo: str) -> None:
    result = run("check", "bob", "send-audio", *STANDUP, "--db", demo, "--min-revision", "99", "--timeout", "0.05")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: ")
    assert run("check", "bob", "send-audio", *STANDUP, "--db", demo, "--min-revision", "5").code == 0


# --- explain, capabilities -------------------------------------------------------------------------------------------


def test_an_explanation_marks_the_deciding_rule_and_says_what_it_takes(run: Run, demo: str) -> None:
    result = run("explain", "bob", "send-video", *LAUNCH, "--db", demo)
    assert (result.code, result.err) == (0, "")
    verdict, _, heading, *rest = result.out.splitlines()
    assert verdict == "denied  OWNER_ONLY  revision 5"
    assert heading.split() == ["RULE", "OUTCOME", "DETAIL"]
    marked = [line for line in rest if line.startswith(">")]
    assert [line.split()[1:3] for line in marked] == [["otherwise", "deny"]]
    assert rest[-2] == "what it takes for a yes:"
    assert rest[-1].startswith("  - ")


def test_an_explanation_for_machines(run: Run, demo: str) -> None:
    said = asked(run, demo, "explain", "bob", "send-video", *STANDUP)
    assert (said["allowed"], said["reason"], said["would_allow"]) == (True, "ROLE_GRANT", [])
    outcomes = [step["outcome"] for step in said["steps"]]
    assert outcomes == ["PASS"] * (len(outcomes) - 2) + ["ALLOW", "NOT_REACHED"]
    assert all(step["rule"] and step["detail"] for step in said["steps"])


@pytest.mark.parametrize(("who", "where"), [("mia", LAUNCH), ("bob", GENERAL)])
def test_capabilities_are_sorted_one_a_line(run: Run, demo: str, who: str, where: tuple[str, str]) -> None:
    listed = asked(run, demo, "capabilities", who, *where)
    assert listed["revision"] == 5
    assert len(listed["own_capabilities"]) > 10
    assert listed["own_capabilities"] == sorted(listed["own_capabilities"])
    lines = run("capabilities", who, *where, "--db", demo).out.splitlines()
    assert lines == listed["own_capabilities"]


# --- roles, permissions, types ---------------------------------------------------------------------------------------


def test_roles_as_a_table_and_for_machines(run: Run, demo: str) -> None:
    roles = asked(run, demo, "roles")
    host = next(role for role in roles if role["name"] == "host")
    assert (host["custom"], "video:default" in host["scopes"]) == (False, True)
    heading, *lines = run("roles", "--db", demo).out.splitlines()
    assert heading.split()[:2] == ["ROLE", "KIND"]
    assert [line.split()[0] for line in lines] == [role["name"] for role in roles]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--action", "SendAudio"], ["send-audio", "-any-team", "-owner", "-owner-any-team"]),
        (["--search", "SEND-AUD", "--product", "video"], ["send-audio", "-any-team", "-owner", "-owner-any-team"]),
        (["--search", "send-audio", "--product", "chat"], []),
        (["--search", "send-audio", "--level", "app"], []),
        (["--search", "search user ("], ["search-user-any-team", "search-user-owner", "search-user-owner-any-team"]),
    ],
)
def test_permissions_are_filtered(run: Run, demo: str, flags: list[str], expected: list[str]) -> None:
    wanted = [name if not name.startswith("-") else expected[0] + name for name in expected]
    found = asked(run, demo, "permissions", *flags)
    assert [permission["id"] for permission in found] == wanted
    lines = run("permissions", *flags, "--db", demo).out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == wanted


def test_a_filter_that_is_unknown_is_bad_input(run: Run, demo: str) -> None:
    result = run("permissions", "--product", "audio", "--db", demo)
    assert (result.code, result.out) == (2, "")
    assert "`product`" in result.err


def test_lists_are_read_to_their_end(run: Run, demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: asked(run, demo, *name.split()) for name in ("permissions", "roles", "call-type list")}
    assert len(whole["permissions"]) > 400
    monkeypatch.setattr("rolecall.cli.doors._PAGE", 3)
    whole["permissions"] = [row for row in whole["permissions"] if row["action"] == "SendAudio"]
    assert asked(run, demo, "permissions", "--action", "SendAudio") == whole["permissions"]
    assert asked(run, demo, "roles") == whole["roles"]
    assert asked(run, demo, "call-type", "list") == whole["call-type list"]


def test_a_call_type_shows_settings_and_grants(run: Run, demo: str) -> None:
    shown = asked(run, demo, "call-type", "show", "livestream")
    assert shown["settings"]["backstage"]["enabled"] is True
    assert shown["settings"]["broadcasting"]["hls"]["quality_tracks"] == ["720p"]
    assert "send-audio" in shown["grants"]["host"]
    text = run("call-type", "show", "livestream", "--db", demo).out
    assert "call type  livestream\n" in text
    assert "backstage.enabled " in text
    assert "\nhost " in text


def test_a_channel_type_shows_config_and_grants(run: Run, demo: str) -> None:
    shown = asked(run, demo, "channel-type", "show", "messaging")
    assert shown["config"]["commands"] == ["giphy"]
    assert "create-message" in shown["grants"]["channel_member"]
    assert "channel type  messaging\n" in run("channel-type", "show", "messaging", "--db", demo).out


@pytest.mark.parametrize("kind", ["call-type", "channel-type"])
def test_types_are_listed_alike(run: Run, demo: str, kind: str) -> None:
    listed = asked(run, demo, kind, "list")
    assert len(listed) > 3
    assert [asked(run, demo, kind, "show", row["name"]) for row in listed] == listed
    lines = run(kind, "list", "--db", demo).out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [row["name"] for row in listed]
    assert run(kind, "show", "nope", "--db", demo).code == 2


# --- which door ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (["--db", "x.db", "--address", "localhost:1"], "`--db` and `--address` don't go together"),
        (["--db", "x.db", "--tls"], "`--db` and `--tls` don't go together"),
        (["--db", "x.db", "--api-key", "k"], "`--db` and `--api-key` don't go together"),
        (["--key", "k"], "`--key` goes with --db"),
        (["--app", "a"], "`--app` goes with --db"),
        (["--tls-client-cert", "x"], "--tls-client-cert and --tls-client-key come together"),
        (["--tls-ca", "missing.pem"], "can't read the file of --tls-ca: No such file or directory"),
        (["--token-file", "missing"], "can't read the file of --token-file: No such file or directory"),
        (["--tls", "--address", "unix:///x"], "a unix socket speaks no TLS"),
        (["--address", "nowhere"], "`--address` must be"),
        (["--api-key", "ключ"], "the API key holds characters that none has"),
    ],
)
def test_flags_that_contradict_or_lead_nowhere(run: Run, flags: list[str], error: str) -> None:
    result = run("roles", *flags)
    assert (result.code, result.out) == (2, "")
    assert error in result.err


def test_a_token_on_the_command_line_is_refused_without_showing_it(run: Run) -> None:
    result = run("roles", "--token", "eyJsecret")
    assert result.code == 2
    assert "ROLECALL_TOKEN" in result.err
    assert "eyJsecret" not in result.err


async def _store_without_apps(path: Path) -> None:
    await (await Store.open(str(path))).close()


def test_a_store_without_apps_and_no_store(run: Run, tmp_path: Any) -> None:
    missing = run("roles", "--db", "missing.db")
    assert (missing.code, missing.out) == (1, "")
    assert not (tmp_path / "missing.db").exists()
    asyncio.run(_store_without_apps(tmp_path / "empty.db"))
    empty = run("roles", "--db", "empty.db")
    assert (empty.code, empty.out) == (1, "")
    assert empty.err == "error: store `empty.db` holds no app\nhint: make one with `rolecall app create NAME`\n"


def test_a_reason_newer_than_this_program_is_shown_as_its_number() -> None:
    answer = pb.ExplainCapabilityResponse(reason=999, steps=[pb.ExplainStep(outcome=99)])  # type: ignore[arg-type]
    assert (_reason(answer), _outcome(answer.steps[0])) == ("999", "?")
