"""A newcomer's minute: `rolecall serve --dev` on a fresh file, every printed line pasted, and a second start."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import Parse
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from rolecall.api.v1 import authorization_pb2, authorization_pb2_grpc
from rolecall.api.v1.core_pb2 import REASON_ROLE_GRANT
from tests.e2e.cli_process import Ended, environment, rolecall, shell

BIN = Path(sys.executable).parent
WITH_ROLECALL = f"{BIN}:{os.environ['PATH']}"
WITHOUT_ROLECALL = "/usr/bin:/bin"
SERVE = ("-m", "rolecall", "serve", "--dev", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")


class Started:
    """A server for development, and what it said on stdout."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, path: str) -> None:
        self.process, self.folder, self.path = process, folder, path
        assert process.stdout is not None
        self.said: list[str] = []
        for line in process.stdout:
            self.said.append(line.rstrip("\n"))
            if "messaging:general" in line:  # the last line it says
                break

    def told(self, name: str) -> str | None:
        """Return what stands behind a name."""
        lines = [line.split() for line in self.said if line.startswith(f"  {name} ")]
        return lines[0][1] if lines else None

    @property
    def grpcurl(self) -> list[str]:
        return [line.strip() for line in self.said if line.startswith("  grpcurl ")]

    @property
    def commands(self) -> list[str]:
        pasted = self.said[next(place for place, line in enumerate(self.said) if line.startswith("paste")) + 1 :]
        return [line.strip() for line in pasted if not line.startswith("  grpcurl ")]

    def paste(self, line: str) -> Ended:
        return shell(line, self.folder, self.path)


@contextmanager
def serving(folder: Path, db: str, path: str = WITH_ROLECALL) -> Iterator[Started]:
    """Start a server in a folder, and stop it with Ctrl-C; stderr is kept beside it."""
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, *SERVE, "--db", db],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env=environment(PATH=path),
        )
    try:
        yield Started(process, folder, path)
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")


def all_answer(started: Started) -> None:
    """Paste every `rolecall` line."""
    check, explain, of_call, of_channel = map(started.paste, started.commands)
    assert (check.code, check.err) == (0, "")
    assert check.out.startswith("allowed  ROLE_GRANT  role `user` holds `send-audio`")
    assert (explain.code, explain.err) == (0, "")
    assert explain.out.startswith("denied")
    assert "what it takes for a yes:" in explain.out
    assert (of_call.code, of_call.err) == (0, "")
    assert "send-video" in of_call.out.splitlines()
    assert (of_channel.code, of_channel.err) == (0, "")
    assert "send-message" in of_channel.out.splitlines()


def as_grpcurl(line: str) -> Any:
    """Do what a grpcurl line does, through gRPC's own Python client."""
    words = shlex.split(line)
    assert words[:2] == ["grpcurl", "-plaintext"]
    metadata = [tuple(words[place + 1].split(": ")) for place, word in enumerate(words) if word == "-H"]
    with grpc.insecure_channel(next(word for word in words if word.startswith("127.0.0.1:"))) as channel:
        if words[-1] == "list":
            reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            (listed,) = reflection.ServerReflectionInfo(iter([request]), timeout=20)
            return {service.name for service in listed.list_services_response.service}
        assert words[-1] == "rolecall.api.v1.AuthorizationService/CheckCapability"
        question = Parse(words[words.index("-d") + 1], authorization_pb2.CheckCapabilityRequest())
        authorization: Any = authorization_pb2_grpc.AuthorizationServiceStub(channel)
        return authorization.CheckCapability(question, metadata=metadata, timeout=20)


def grpcurl_lines_answer(started: Started) -> None:
    listed, asked = started.grpcurl
    assert "rolecall.api.v1.AuthorizationService" in as_grpcurl(listed)
    answered = as_grpcurl(asked)
    assert (answered.allowed, answered.reason) == (True, REASON_ROLE_GRANT)


def test_the_printed_lines_answer_at_the_first_start_and_at_the_second(tmp_path: Path) -> None:
    with serving(tmp_path, "my dev.db") as first:
        key, secret = first.told("key"), first.told("secret")
        assert key is not None
        assert secret is not None
        all_answer(first)
        grpcurl_lines_answer(first)
    with serving(tmp_path, "my dev.db") as second:
        assert (second.told("key"), second.told("secret")) == (key, None)
        all_answer(second)
        grpcurl_lines_answer(second)
        said = "\n".join(second.said)
    log = (tmp_path / "log").read_text()
    assert secret not in said + log
    assert not any(token in log for token in (first.told("token"), second.told("token")) if token)


@pytest.mark.skipif(shutil.which("grpcurl") is None, reason="grpcurl is not on PATH")
def test_grpcurl_itself_takes_the_lines(tmp_path: Path) -> None:
    with serving(tmp_path, "dev.db") as started:
        listed, asked = map(started.paste, started.grpcurl)
    assert (listed.code, asked.code) == (0, 0)
    assert "rolecall.api.v1.AuthorizationService" in listed.out.split()
    assert json.loads(asked.out)["allowed"] is True


def test_the_lines_work_where_rolecall_is_not_on_the_path(tmp_path: Path) -> None:
    with serving(tmp_path, "dev.db", WITHOUT_ROLECALL) as started:
        assert all(f"{BIN}/rolecall " in line for line in started.commands)
        all_answer(started)


def test_without_development_nothing_is_made_and_the_way_to_an_app_is_told(tmp_path: Path) -> None:
    db = tmp_path / "plain.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "rolecall", "serve", "--db", db, "--listen", "127.0.0.1:0", "--http", "off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(PATH=WITH_ROLECALL),
    )
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(3)]
    address = said[1].split()[1]
    refused = rolecall("check", "bob", "send-audio", "--address", address, "--api-key", "dev")
    assert (refused.code, refused.out) == (1, "")
    assert "api key is invalid" in refused.err
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert rolecall("app", "list", "--db", db, "--json").out == "[]\n"
    warned = [json.loads(line)["event"] for line in log.splitlines() if '"warning"' in line]
    assert len(warned) == 1
    command = warned[0].split("`")[1].replace("NAME", "my-app")
    made = shell(command, tmp_path, WITH_ROLECALL)
    assert (made.code, made.err) == (0, "")
    assert [app["name"] for app in json.loads(rolecall("app", "list", "--db", db, "--json").out)] == ["my-app"]
