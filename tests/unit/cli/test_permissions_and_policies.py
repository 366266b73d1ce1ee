"""Commands that write permissions and policies, through the door to a store file: results, errors, and what is kept."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run

CONDITION = {"$subject.age": {"$gte": 18}}
POLICY = {"name": "Everyone reads", "priority": 5, "action": "allow", "roles": ["*"], "resources": ["ReadChannel"]}


@pytest.fixture
def db(run: Run, tmp_path: Path) -> str:
    """A store with one app, to be written to."""
    path = str(tmp_path / "own.db")
    assert run("app", "create", "acme", "--db", path).code == 0
    return path


def asked(run: Run, db: str, *argv: str) -> Any:
    result = run(*argv, "--db", db, "--json")
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def refused(run: Run, db: str, *argv: str) -> str:
    """Run a command that is refused as bad input, and return what it says."""
    result = run(*argv, "--db", db)
    assert (result.code, result.out) == (2, "")
    return result.err


# --- permissions -----------------------------------------------------------------------------------------------------


def test_a_permission_is_made_shown_listed_and_deleted(run: Run, db: str) -> None:
    flags = ("--owner", "--any-team", "--name", "Talk", "--description", "d", "--condition", json.dumps(CONDITION))
    made = asked(run, db, "permission", "create", "talk", "--action", "SendAudio", *flags)
    assert made == {
        "id": "talk",
        "name": "Talk",
        "description": "d",
        "action": "SendAudio",
        "owner": True,
        "same_team": False,
        "custom": True,
        "level": "channel",
        "owner_resource": "Call",
        "products": ["video"],
        "condition": CONDITION,
    }
    assert asked(run, db, "permission", "get", "talk") == made
    assert asked(run, db, "permissions", "--custom") == [made]
    assert made not in asked(run, db, "permissions", "--no-custom")
    assert made in asked(run, db, "permissions", "--action", "SendAudio")
    assert asked(run, db, "permission", "delete", "talk") == {"id": "talk", "revision": 3}
    assert asked(run, db, "permissions", "--custom") == []


def test_a_permission_for_people(run: Run, db: str) -> None:
    run("permission", "create", "talk", "--action", "SendAudio", "--condition", json.dumps(CONDITION), "--db", db)
    shown = run("permission", "get", "talk", "--db", db).out
    fields = [line.partition("  ") for line in shown.splitlines()]
    assert {name: value.strip() for name, _, value in fields} == {
        "permission": "talk",
        "name": "talk",
        "description": "",
        "kind": "custom",
        "action": "SendAudio",
        "level": "channel",
        "products": "video",
        "only own": "no",
        "any team": "no",
        "condition": '{"$subject.age": {"$gte": 18}}',
    }
    _, row = run("permissions", "--custom", "--db", db).out.splitlines()
    assert row.split(None, 4) == ["talk", "SendAudio", "channel", "video", 'custom  {"$subject.age": {"$gte": 18}}']
    assert run("permission", "delete", "talk", "--db", db) == (0, "deleted talk\n", "")


def test_an_update_changes_what_is_named(run: Run, db: str) -> None:
    flags = ("--owner", "--any-team", "--condition", json.dumps(CONDITION))
    made = asked(run, db, "permission", "create", "talk", "--action", "SendAudio", *flags)
    changed = asked(run, db, "permission", "update", "talk", "--description", "d", "--no-owner")
    assert changed == made | {"description": "d", "owner": False}
    assert asked(run, db, "permission", "update", "talk", "--condition", "{}", "--no-any-team") == changed | {
        "condition": {},
        "same_team": True,
    }
    err = refused(run, db, "permission", "update", "talk")
    assert err.startswith("error: there is nothing to change\nhint: ")


def test_a_condition_from_stdin(run: Run, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(CONDITION)))
    made = asked(run, db, "permission", "create", "talk", "--action", "SendAudio", "--condition", "-")
    assert made["condition"] == CONDITION


@pytest.mark.parametrize(
    ("condition", "error"),
    [
        ("{", "`--condition` is not JSON: "),
        ("[]", "`--condition` must be a JSON object"),
        ("1", "`--condition` must be a JSON object"),
        ('{"$subject.a": 1, "$subject.a": 2}', "`--condition` is not JSON: `$subject.a` is given twice"),
        ('{"$subject.a": NaN}', "`--condition` is not JSON: `NaN` is no number there"),
        ('{"$subject.a": "\\ud800"}', "`--condition` holds text or a number that can't be sent"),
        (f'{{"$subject.a": 1{"0" * 400}}}', "`--condition` holds text or a number that can't be sent"),
        ('{"$not":' * 5_000 + "1" + "}" * 5_000, "`--condition` is nested too deep"),
        ('{"$not":' * 500 + "{}" + "}" * 500, "`--condition` is nested too deep"),
        ('{"$not":' * 32 + "{}" + "}" * 32, "`--condition` is nested too deep"),
        ('{"$not":' * 31 + "{}" + "}" * 31, "is nested deeper than 8 objects"),
        ('{"$subject.a": {"$gtt": 1}}', "`condition.$subject.a.$gtt` is no operator; did you mean `$gt`?"),
    ],
)
def test_a_bad_condition_is_told_in_a_line_and_makes_nothing(run: Run, db: str, condition: str, error: str) -> None:
    err = refused(run, db, "permission", "create", "talk", "--action", "SendAudio", "--condition", condition)
    assert error in err
    assert len(err.splitlines()) == 1
    assert asked(run, db, "permissions", "--custom") == []


def test_what_the_service_refuses_is_told_with_its_field(run: Run, db: str) -> None:
    assert "did you mean `SendAudio`" in refused(run, db, "permission", "create", "x", "--action", "SendAudi")
    assert "(field `id`)" in refused(run, db, "permission", "get", "nothing")
    taken = run("permission", "create", "send-audio", "--action", "SendAudio", "--db", db)
    assert (taken.code, taken.err) == (1, "error: permission `send-audio` already exists (field `id`)\n")
    built_in = run("permission", "delete", "send-audio", "--db", db)
    assert built_in.code == 1
    assert "built in" in built_in.err


def test_custom_data_in_a_question(run: Run, db: str) -> None:
    asked(run, db, "permission", "create", "talk", "--action", "SendAudio", "--condition", '{"$resource.open": true}')
    for custom in ('{"open": true}', "{}"):
        result = run("check", "bob", "send-audio", "--call", "default:x", "--custom", custom, "--db", db)
        assert (result.code, "UNKNOWN_USER" in result.out) == (3, True)
    assert "`--custom` must be a JSON object" in refused(
        run, db, "check", "bob", "send-audio", "--call", "default:x", "--custom", "1"
    )


# --- policies --------------------------------------------------------------------------------------------------------


def written(tmp_path: Path, *policies: Any) -> str:
    path = tmp_path / "policies.json"
    path.write_text(json.dumps(policies), encoding="utf-8")
    return str(path)


def test_policies_are_replaced_whole_and_shown(run: Run, db: str, tmp_path: Path) -> None:
    before = asked(run, db, "channel-type", "show", "team")
    denied = {"name": "No", "priority": 9, "action": "DENY", "owner": True, "resources": ["*"]}
    path = written(tmp_path, POLICY, denied)
    policies = [denied | {"action": "deny", "roles": []}, POLICY | {"owner": False}]
    dry = asked(run, db, "channel-type", "set", "team", "--policies", path, "--dry-run")
    assert dry == {"name": "team", "policies": policies, "revision": 1}
    assert asked(run, db, "channel-type", "show", "team") == before
    done = asked(run, db, "channel-type", "set", "team", "--policies", path)
    assert done == {"name": "team", "policies": policies, "revision": 2}
    after = asked(run, db, "channel-type", "show", "team")
    assert after["policies"] == policies
    assert (after["grants"], after["config"]) == (before["grants"], before["config"])


def test_what_is_shown_can_be_set_again(run: Run, db: str, tmp_path: Path) -> None:
    shown = asked(run, db, "channel-type", "show", "commerce")
    path = written(tmp_path, *shown["policies"])
    again = asked(run, db, "channel-type", "set", "commerce", "--policies", path)
    assert again == {"name": "commerce", "policies": shown["policies"], "revision": 1}, "nothing was written"
    assert {item["name"]: item["policies"] for item in asked(run, db, "channel-type", "list")}["commerce"] == shown[
        "policies"
    ]
    assert "policies" not in asked(run, db, "call-type", "show", "default")


def test_policies_for_people(run: Run, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps([POLICY])))
    shown = run("channel-type", "set", "team", "--policies", "-", "--dry-run", "--db", db)
    assert (shown.code, shown.err) == (0, "")
    header, row, _, note = shown.out.splitlines()
    assert header.split("  ")[0] == "POLICY"
    assert row.split() == ["Everyone", "reads", "5", "allow", "*", "ReadChannel"]
    assert note == "nothing was changed: this is how it would be"
    everything = run("channel-type", "show", "team", "--db", db).out
    assert "Everything else is denied" in everything
    assert "Everyone reads" not in everything


def test_an_empty_list_takes_them_all_away(run: Run, db: str, tmp_path: Path) -> None:
    assert asked(run, db, "channel-type", "set", "team", "--policies", written(tmp_path))["policies"] == []
    assert asked(run, db, "channel-type", "show", "team")["policies"] == []


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        (1, "`permissions[1]` must be an object"),
        (POLICY | {"prio": 1}, "`permissions[1]` has no `prio`"),
        ({"name": "x"}, "`permissions[1]` needs `priority`"),
        (POLICY | {"name": 1}, "`permissions[1].name` must be text"),
        (POLICY | {"name": "\ud800"}, "`permissions[1].name` must be text"),
        (POLICY | {"priority": "5"}, "`permissions[1].priority` must be a whole number"),
        (POLICY | {"priority": True}, "`permissions[1].priority` must be a whole number"),
        (POLICY | {"priority": -1}, "`permissions[1].priority` must be a whole number"),
        (POLICY | {"priority": 2**32}, "`permissions[1].priority` must be a whole number"),
        (POLICY | {"action": "maybe"}, "`permissions[1].action` must be `allow` or `deny`"),
        (POLICY | {"roles": "user"}, "`permissions[1].roles` must be a list"),
        (POLICY | {"roles": ["user", 1]}, "`permissions[1].roles[1]` must be text"),
        (POLICY | {"owner": 1}, "`permissions[1].owner` must be true or false"),
        (POLICY | {"priority": 0}, "`permissions[1].priority` must be from 1 to 999"),
        (POLICY | {"resources": ["ReadChanel"]}, "did you mean `ReadChannel`"),
        (POLICY | {"roles": ["nobody"]}, "`permissions[1].roles[0]`"),
    ],
)
def test_a_bad_policy_is_told_with_its_place_and_none_is_kept(
    run: Run, db: str, tmp_path: Path, policy: Any, error: str
) -> None:
    before = asked(run, db, "channel-type", "show", "team")
    path = written(tmp_path, POLICY, policy)
    assert error in refused(run, db, "channel-type", "set", "team", "--policies", path)
    assert asked(run, db, "channel-type", "show", "team") == before


def test_files_that_are_no_list_of_policies(run: Run, db: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for content, error in (
        (b"{}", "must hold a JSON list"),
        (b"[", "`--policies` is not JSON"),
        (b"\xff", "is not UTF-8 text"),
    ):
        path.write_bytes(content)
        assert error in refused(run, db, "channel-type", "set", "team", "--policies", str(path))
    missing = run("channel-type", "set", "team", "--policies", str(tmp_path / "none.json"), "--db", db)
    assert (missing.code, missing.out) == (1, "")
    assert "No such file" in missing.err


def test_a_mistyped_name_makes_no_new_type(run: Run, db: str, tmp_path: Path) -> None:
    path = written(tmp_path, POLICY)
    assert "`tema` does not exist" in refused(run, db, "channel-type", "set", "tema", "--policies", path)
    assert len(asked(run, db, "channel-type", "list")) == 5
