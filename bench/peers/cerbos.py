"""Cerbos as a server on one core: its settings, policies equal to the built-in grants, and its requests.

Of the messages of its CheckResources only the fields that matter here are known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2

from bench.lab import Lab
from bench.load import Job
from bench.peers.world import USER_ROLE, Asked, table
from bench.serving import Server, free_port, running

PATH: Final = "/cerbos.svc.v1.CerbosService/CheckResources"
MOST: Final = 50
"""Actions on one resource, and resources in one request, that Cerbos takes unless it is set up otherwise."""

_ALLOW: Final = 1
_SETTINGS: Final = {"GOMAXPROCS": "1", "CERBOS_NO_TELEMETRY": "1"}


@contextmanager
def cerbos(lab: Lab, program: Path, under: Sequence[str] = ()) -> Iterator[Server]:
    """Start Cerbos on the server's core, with all off that costs time: audit, metrics, watching of files.

    `under` is a program that starts it.
    """
    policies = lab.folder / "cerbos"
    policies.mkdir(exist_ok=True)
    (policies / "call.json").write_text(json.dumps(policy()), encoding="utf-8")
    address, http = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = {
        "server": {"grpcListenAddr": address, "httpListenAddr": http, "metricsEnabled": False},
        "telemetry": {"disabled": True},
        "audit": {"enabled": False},
        "storage": {"driver": "disk", "disk": {"directory": str(policies), "watchForChanges": False}},
    }
    config = lab.folder / "cerbos.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    command = [*under, str(program), "server", f"--config={config}", "--log-level=error"]
    log = lab.folder / "cerbos.log"
    with running(command, address, http, log=log, core=lab.cores.server, environment=_SETTINGS) as server:
        yield server


def policy() -> dict[str, object]:
    """Return the resource policy: for each role one rule for what it may do anywhere, and one for what it owns."""
    own = {"match": {"expr": "R.attr.owner == P.id"}}
    rules: list[dict[str, object]] = []
    for role, held in table().items():
        rule: dict[str, object] = {"roles": [role], "effect": "EFFECT_ALLOW"}
        if held.anywhere:
            rules.append(rule | {"actions": list(held.anywhere)})
        if held.own:
            rules.append(rule | {"actions": list(held.own), "condition": own})
    whole = {"version": "default", "resource": "call", "rules": rules}
    return {"apiVersion": "api.cerbos.dev/v1", "resourcePolicy": whole}


# --- requests --------------------------------------------------------------------------------------------------------


def job(address: str, asked: Asked, calls: Sequence[str], actions: Sequence[str]) -> Job:
    """Return a request of one user about these calls, and these actions on each."""
    body = request(asked, calls, actions)
    return Job(PATH, body, send(address, body), metadata=())


def request(asked: Asked, calls: Sequence[str], actions: Sequence[str]) -> bytes:
    """Return a request; Cerbos keeps no data, so it is told the user's roles and who owns the calls."""
    message = _Request()
    message.principal.id = asked.user
    message.principal.roles.extend(dict.fromkeys((USER_ROLE, asked.role)))
    for call in calls:
        entry = message.resources.add(actions=actions)
        entry.resource.kind, entry.resource.id = "call", call
        entry.resource.attr.add(key="owner").value.string_value = asked.owner
    return bytes(message.SerializeToString())


def send(address: str, body: bytes) -> bytes:
    """Ask once; the answer's bytes."""
    with grpc.insecure_channel(address) as channel:
        method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(PATH)
        return method(body)


def allowed(answer: bytes) -> dict[str, set[str]]:
    """Return the actions that are allowed on each call."""
    results = _Response.FromString(answer).results
    return {result.resource.id: {one.action for one in result.actions if one.effect == _ALLOW} for result in results}


def _messages() -> dict[str, Any]:
    """Return classes for the messages; a map is read and written as what it is on the wire: pairs."""
    file = descriptor_pb2.FileDescriptorProto(name="bench/cerbos.proto", package="bench.cerbos", syntax="proto3")
    file.dependency.append("google/protobuf/struct.proto")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            one, many = kind.removesuffix("*"), kind.endswith("*")
            plain = _PLAIN.get(one)
            label = _Field.LABEL_REPEATED if many else _Field.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label, type=plain or _Field.TYPE_MESSAGE)
            if plain is None:
                added.type_name = one if one.startswith(".") else f".bench.cerbos.{one}"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"bench.cerbos.{name}")) for name in _FIELDS
    }


_Field: Final = descriptor_pb2.FieldDescriptorProto
_PLAIN: Final = {"string": _Field.TYPE_STRING, "int32": _Field.TYPE_INT32}
_FIELDS: Final[Mapping[str, Sequence[tuple[str, int, str]]]] = {
    "Pair": (("key", 1, "string"), ("value", 2, ".google.protobuf.Value")),
    "Principal": (("id", 1, "string"), ("roles", 3, "string*")),
    "Resource": (("kind", 1, "string"), ("id", 3, "string"), ("attr", 4, "Pair*")),
    "Entry": (("actions", 1, "string*"), ("resource", 2, "Resource")),
    "Request": (("principal", 3, "Principal"), ("resources", 4, "Entry*")),
    "Named": (("id", 1, "string"),),
    "Effect": (("action", 1, "string"), ("effect", 2, "int32")),
    "Result": (("resource", 1, "Named"), ("actions", 2, "Effect*")),
    "Response": (("results", 2, "Result*"),),
}
_MESSAGES: Final = _messages()
_Request: Final = _MESSAGES["Request"]
_Response: Final = _MESSAGES["Response"]
