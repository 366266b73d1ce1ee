"""Commands that call a server: the same answers as from the file, errors, tokens, TLS, sockets, health."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from tests.doors import attempt, running, until
from tests.e2e.cli_process import Ended, answer, inside, rolecall

READS = (
    ("check", "bob", "send-audio", "--call", "default:standup"),
    ("check", "gil", "mute-users", "--call", "default:standup"),
    ("check", "bob", "send-video", "--call", "livestream:launch", "--member-role", "host"),
    ("check", "bob", "update-user", "--owner", "bob"),
    ("explain", "bob", "send-video", "--call", "livestream:launch"),
    ("capabilities", "bob", "--channel", "messaging:general"),
    ("roles",),
    ("permissions",),
    ("permissions", "--custom"),
    ("permission", "get", "speak-here"),
    ("call-type", "list"),
    ("call-type", "show", "livestream"),
    ("channel-type", "list"),
    ("channel-type", "show", "messaging"),
)
BAD = (
    ("check", "bob", "send-audo", "--call", "default:standup"),
    ("check", "bob", "send-audio", "--call", "nope:standup"),
    ("check", "b\x01b", "send-audio", "--call", "default:standup"),
    ("check", "bob", "send-audio", "--call", "default:standup", "--frozen"),
    ("call-type", "show", "nope"),
    ("call-type", "show", "N O"),
    ("permissions", "--product", "audio"),
    ("permission", "get", "nothing"),
    ("permission", "create", "x", "--action", "Nothing"),
    ("permission", "update", "speak-here", "--condition", '{"age": 1}'),
)
CHECK = READS[0]
FREE = ("--listen", "127.0.0.1:0")


class Dev(NamedTuple):
    """A running server for development."""

    db: Path
    address: str
    http: str
    unix: str
    key: str
    token: str

    def ask(self, *argv: object, **environ: str) -> Ended:
        """Run a command that asks this server, server side unless said otherwise."""
        caller = {"ROLECALL_API_KEY": self.key, "ROLECALL_TOKEN": self.token}
        return inside(*argv, "--address", self.address, environ=caller | environ)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    folder = tmp_path_factory.mktemp("dev")
    db, unix = folder / "dev.db", f"unix://{folder}/s"
    with running(db, listen=("127.0.0.1:0", unix), dev=True) as server:
        key = answer("app", "list", "--db", db)[0]["keys"][0]
        token = rolecall("token", "--db", db, "--key", key, "--expires", "1h").out.strip()
        made = Dev(db, server.listen[0], server.http.removeprefix("http://"), unix, key, token)
        condition = ("--condition", '{"$resource.open": true}')
        assert made.ask("permission", "create", "speak-here", "--action", "SendAudio", *condition).code == 0
        yield made


@pytest.fixture
def silent() -> Iterator[tuple[socket.socket, str]]:
    """A door behind which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener, f"127.0.0.1:{listener.getsockname()[1]}"


# --- one command, two doors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", READS, ids=" ".join)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_server_answers_as_its_file_does(dev: Dev, command: tuple[str, ...], form: str) -> None:
    flags = ["--json"] if form == "json" else []
    from_server, from_file = dev.ask(*command, *flags), inside(*command, *flags, "--db", dev.db)
    assert from_server == from_file
    assert from_server.code in {0, 3}
    assert from_server.err == ""


@pytest.mark.parametrize("command", BAD, ids=" ".join)
def test_bad_input_is_told_alike(dev: Dev, command: tuple[str, ...]) -> None:
    from_server, from_file = dev.ask(*command), inside(*command, "--db", dev.db)
    assert from_server == from_file
    assert (from_server.code, from_server.out) == (2, "")
    assert from_server.err.startswith("error: ")
    assert len(from_server.err.splitlines()) == 1


def test_what_is_written_through_a_server_is_in_its_file_and_the_other_way_round(dev: Dev, tmp_path: Path) -> None:
    made = dev.ask("permission", "create", "mine", "--action", "SendAudio", "--json")
    assert (made.code, made.err) == (0, "")
    assert inside("permission", "get", "mine", "--json", "--db", dev.db) == made
    changed = inside("permission", "update", "mine", "--owner", "--json", "--db", dev.db)
    until(lambda: dev.ask("permission", "get", "mine", "--json") == changed)
    (tmp_path / "policies.json").write_text("[]")
    assert dev.ask("channel-type", "set", "gaming", "--policies", tmp_path / "policies.json").code == 0
    assert json.loads(inside("channel-type", "show", "gaming", "--json", "--db", dev.db).out)["policies"] == []
    assert dev.ask("permission", "delete", "mine").code == 0


def test_over_a_unix_socket(dev: Dev) -> None:
    asked = rolecall(*CHECK, "--address", dev.unix, "--api-key", dev.key, environ={"ROLECALL_TOKEN": dev.token})
    assert (asked.code, asked.err) == (0, "")
    assert rolecall("health", "--address", dev.unix).code == 0


# --- callers ---------------------------------------------------------------------------------------------------------


def test_a_token_from_a_file_or_stdin(dev: Dev, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{dev.token}\n")
    flags = ("--address", dev.address, "--api-key", dev.key)
    assert rolecall(*CHECK, *flags, "--token-file", tmp_path / "token").code == 0
    assert rolecall(*CHECK, *flags, "--token", "-", stdin=dev.token).code == 0
    empty = rolecall(*CHECK, *flags, "--token", "-")
    assert (empty.code, empty.err) == (2, "error: the token is empty\n")


def test_a_user_may_ask_about_itself_only(dev: Dev) -> None:
    token = rolecall("token", "--db", dev.db, "--user", "bob").out.strip()
    assert dev.ask(*CHECK, ROLECALL_TOKEN=token).code == 0
    other = dev.ask("check", "ann", *CHECK[2:], ROLECALL_TOKEN=token)
    assert (other.code, other.out) == (1, "")
    assert other.err.startswith("error: the token of user `bob` may ask only about that user")


def test_a_call_token_makes_a_member_of_the_call(dev: Dev) -> None:
    question = ("check", "cleo", "send-video", "--call", "livestream:launch")
    plain = rolecall("token", "--db", dev.db, "--user", "cleo").out.strip()
    assert dev.ask(*question, ROLECALL_TOKEN=plain).code == 3
    flags = ("--user", "cleo", "--call", "livestream:launch", "--role", "host")
    call_token = rolecall("token", "--db", dev.db, *flags).out.strip()
    assert dev.ask(*question, ROLECALL_TOKEN=call_token).code == 0


@pytest.mark.parametrize(
    ("environ", "error"),
    [
        ({"ROLECALL_API_KEY": ""}, "error: an api key is required in `x-api-key`"),
        ({"ROLECALL_API_KEY": "nope"}, "error: api key is invalid"),
        ({"ROLECALL_TOKEN": ""}, "error: a token is required in `authorization`"),
        ({"ROLECALL_TOKEN": "a.b.c"}, "error: token is malformed"),
    ],
)
def test_callers_that_are_not_known_hear_how_to_call(dev: Dev, environ: dict[str, str], error: str) -> None:
    refused = dev.ask(*CHECK, **environ)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(error)
    assert refused.err.splitlines()[1].startswith("hint: the API key is taken from ROLECALL_API_KEY")


def test_a_rotated_secret_ends_old_tokens_on_a_running_server(tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    with running(db, http="off") as server:
        key = answer("app", "create", "acme", "--db", db)["key"]
        flags = ("roles", "--address", server.listen[0], "--api-key", key)
        old = rolecall("token", "--db", db).out.strip()
        until(lambda: rolecall(*flags, environ={"ROLECALL_TOKEN": old}).code == 0)  # the server follows the file
        rotated = rolecall("app", "rotate-secret", "acme", "--drop-old", "--db", db)
        assert rotated.code == 0
        until(lambda: "signature is not valid" in rolecall(*flags, environ={"ROLECALL_TOKEN": old}).err)
        new = rolecall("token", "--db", db).out.strip()
        assert rolecall(*flags, environ={"ROLECALL_TOKEN": new}).code == 0


# --- questions about the app ---------------------------------------------------------------------------------------


def test_a_deny_that_is_about_the_app_says_so(dev: Dev) -> None:
    question = ("bob", "send-audio")
    for command in ("check", "explain"):
        asked = dev.ask(command, *question)
        assert asked.out.startswith("denied  NO_GRANT  revision ")
        assert asked.err == "hint: this was asked of the app; --call or --channel asks of a call or channel\n"
        assert dev.ask(command, *question, "--json").err == ""
        assert dev.ask(command, "gil", "mute-users", "--call", "default:standup").err == ""


# --- servers that are not there --------------------------------------------------------------------------------------


def test_no_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    for door in (address, f"unix://{tmp_path}/nobody"):
        ended = rolecall(*CHECK, "--address", door)
        assert (ended.code, ended.out) == (1, "")
        error, hint = ended.err.splitlines()
        assert error.startswith(f"error: can't reach a server at `{door}` (")
        assert hint.startswith("hint: start one with `rolecall serve`")
        assert "--db" in hint
        assert "--tls" not in hint
        health = rolecall("health", "--address", door)
        assert health.code == 1
        assert "--db" not in health.err


def test_a_door_that_is_not_the_one_meant_is_told(dev: Dev) -> None:
    """It is there, so nothing is to be started."""
    for wrong, what in (
        (("--address", dev.address, "--tls"), "this address speaks no TLS: leave the --tls flags out"),
        (
            ("--address", dev.http),
            "this is no gRPC port, perhaps the one of --http: --address is to be one of --listen",
        ),
    ):
        ended = rolecall(*CHECK, *wrong)
        assert (ended.code, ended.out) == (1, "")
        error, hint = ended.err.splitlines()
        assert error.startswith(f"error: can't reach a server at `{wrong[1]}` (")
        assert hint == f"hint: {what}"


def test_a_silent_server_is_given_up_at_the_deadline(silent: tuple[socket.socket, str]) -> None:
    ended = rolecall(*CHECK, "--address", silent[1], "--timeout", "0.2")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f"error: no answer from `{silent[1]}` within 0.2 seconds\n"


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files: a server's certificate and key, a client's, their authority, and a stranger's."""
    folder = tmp_path_factory.mktemp("pem")
    authority, stranger = trustme.CA(), trustme.CA()
    server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("client.example")
    blobs = {
        "ca": authority.cert_pem,
        "stranger": stranger.cert_pem,
        "cert": server.cert_chain_pems[0],
        "key": server.private_key_pem,
        "client_cert": client.cert_chain_pems[0],
        "client_key": client.private_key_pem,
    }
    for name, blob in blobs.items():
        blob.write_to_path(folder / name)
    return {name: str(folder / name) for name in blobs}


def test_tls_trusts_the_named_authority_alone(tmp_path: Path, pem: dict[str, str]) -> None:
    with running(tmp_path / "a.db", http="off", tls_cert=pem["cert"], tls_key=pem["key"]) as server:
        health = ("health", "--address", server.listen[0])
        assert rolecall(*health, "--tls-ca", pem["ca"]).code == 0
        for wrong in (("--tls-ca", pem["stranger"]), ("--tls",), ()):
            ended = rolecall(*health, *wrong)
            assert (ended.code, ended.out) == (1, "")
            assert ended.err.startswith("error: ")
            assert len([line for line in ended.err.splitlines() if not line.startswith("hint: ")]) == 1


def test_a_door_with_tls_is_hinted_at_where_plaintext_is_cut_off(tmp_path: Path, pem: dict[str, str]) -> None:
    with running(tmp_path / "a.db", http="off", tls_cert=pem["cert"], tls_key=pem["key"]) as server:
        for command in (("health",), CHECK):
            hint = rolecall(*command, "--address", server.listen[0]).err.splitlines()[1]
            assert hint.startswith("hint: if it speaks TLS, ask with --tls or --tls-ca FILE; otherwise start one")
        unknown = rolecall("health", "--address", server.listen[0], "--tls").err
        assert unknown.splitlines()[1] == (
            "hint: the server's certificate is of no authority that is trusted: give the authority's with --tls-ca FILE"
        )


def test_mutual_tls_takes_a_client_certificate(tmp_path: Path, pem: dict[str, str]) -> None:
    db = tmp_path / "a.db"
    flags = {"tls_cert": pem["cert"], "tls_key": pem["key"], "tls_client_ca": pem["ca"]}
    key = answer("app", "create", "acme", "--db", db)["key"]
    token = rolecall("token", "--db", db).out.strip()
    with running(db, http="off", **flags) as server:
        ask = ("roles", "--address", server.listen[0], "--api-key", key, "--tls-ca", pem["ca"])
        own = ("--tls-client-cert", pem["client_cert"], "--tls-client-key", pem["client_key"])
        assert rolecall(*ask, *own, environ={"ROLECALL_TOKEN": token}).code == 0
        assert rolecall(*ask, environ={"ROLECALL_TOKEN": token}).code == 1


# --- health ----------------------------------------------------------------------------------------------------------


def test_health_of_the_server_and_of_its_services(dev: Dev) -> None:
    health = ("health", "--address", dev.address)
    assert rolecall(*health) == (0, "SERVING  the whole server\n", "")
    service = "rolecall.api.v1.CallService"
    assert answer(*health, "--service", service) == {
        "address": dev.address,
        "service": service,
        "status": "SERVING",
    }
    unknown = rolecall(*health, "--service", "nope")
    assert (unknown.code, unknown.out) == (1, "")
    error, hint = unknown.err.splitlines()
    assert error == f"error: the server at `{dev.address}` has no service `nope`"
    assert "leave --service out" in hint


# --- starts that fail ------------------------------------------------------------------------------------------------


def test_every_wrong_setting_is_told_before_anything_starts(tmp_path: Path) -> None:
    ended = attempt(tmp_path / "a.db", listen=("nowhere",), cache_mb=1)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert [line.split("`")[1] for line in ended.stderr.splitlines()] == ["--listen", "--cache-mb"]
    assert not (tmp_path / "a.db").exists()


def test_development_stays_on_this_machine(tmp_path: Path) -> None:
    ended = attempt(tmp_path / "a.db", listen=("0.0.0.0:0",), dev=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "must be a loopback address" in ended.stderr


def test_a_start_that_fails_is_one_clear_line(tmp_path: Path, silent: tuple[socket.socket, str]) -> None:
    (tmp_path / "bad.db").write_bytes(b"no database" * 1000)
    for flags, error in (
        (("--db", tmp_path / "bad.db", *FREE, "--http", "off"), "is damaged or not a database"),
        (("--db", tmp_path / "missing" / "c.db", *FREE, "--http", "off"), "No such file or directory"),
    ):
        ended = rolecall("serve", *flags)
        assert (ended.code, ended.out) == (1, "")
        told = [line for line in ended.err.splitlines() if not line.startswith("{")]  # the others are logs
        assert len(told) == 1
        assert told[0].startswith("error: ")
        assert error in told[0]


@pytest.mark.parametrize(
    "others", [("--listen", "--http", "off"), ("--http", *FREE), ("--http", *FREE, "--workers", "2")], ids=" ".join
)
def test_an_address_that_is_taken_is_told_with_what_to_do(
    tmp_path: Path, silent: tuple[socket.socket, str], others: tuple[str, ...]
) -> None:
    flag, *rest = others
    ended = rolecall("serve", "--db", tmp_path / "a.db", flag, silent[1], *rest)
    assert (ended.code, ended.out) == (1, "")
    error, hint = [line for line in ended.err.splitlines() if not line.startswith("{")]
    why = "is it in use, not of this machine, or not open to this user?"
    assert error == f"error: can't listen on `{silent[1]}`: {why} (field `{flag.removeprefix('--')}`)"
    assert hint == f"hint: give another address with `{flag}`, such as 127.0.0.1:0 for any port that is free"


def test_a_start_for_machines_says_everything_once(tmp_path: Path) -> None:
    with running(tmp_path / "a.db", dev=True) as server:
        assert server.process.poll() is None
    keys = answer("app", "list", "--db", tmp_path / "a.db")
    assert [app["name"] for app in keys] == ["dev"]
    assert json.dumps(keys).count("secret") == 0
