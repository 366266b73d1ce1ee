"""Sample requests for the reference: curl commands with what an operation at least needs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from rolecall.transports.rest.openapi import JSON

Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Returns a schema itself, or the component that it refers to."""

BASE: Final = "http://127.0.0.1:8080"
"""The server in samples, in whose place the page has the one that it was asked of."""

_MEMBERS: Final = [{"user_id": "ann"}]
_NAMED: Final[Mapping[str, Any]] = {
    "action": "CreateCall",
    "add_members": _MEMBERS,
    "cids": ["messaging:standup"],
    "color": "red",
    "data": {"created_by_id": "ann", "members": [{"user_id": "ann"}, {"user_id": "bob"}]},
    "description": "Opens the doors",
    "filter_conditions": {},
    "grant_permissions": ["send-audio"],
    "grants": {"user": ["read-channel"]},
    "id": "standup",
    "members": _MEMBERS,
    "multi_tenant_enabled": True,
    "name": "organizer",
    "permissions": ["send-audio"],
    "query": "organ",
    "set": {"color": "red"},
    "update_members": _MEMBERS,
    "user": {"id": "ann"},
    "user_id": "ann",
    "user_ids": ["ann"],
    "users": {"ann": {"id": "ann"}},
}
"""What a field of a name holds in samples, where its type allows that."""

_OF_USERS: Final = frozenset({"RequestPermission"})
"""Operations that only users do."""

_ALWAYS: Final = frozenset({"add_members", "grant_permissions", "id", "set", "update_members"})
"""Fields without which a request that may have them changes or finds nothing."""

_TYPES: Final[Mapping[str, type]] = {"string": str, "array": list, "object": dict, "boolean": bool}
_OTHERS: Final[Mapping[str, Any]] = {"string": "text", "integer": 1, "number": 1, "boolean": True}
_PLACE: Final = re.compile(r"{(\w+)}")


def curl(method: str, path: str, described: Mapping[str, Any], resolve: Resolve) -> str:
    """Return a curl command for an operation of the document; key and token are in variables of the shell."""
    how = "" if method == "GET" else f"-X {method} "
    lines = [
        f'{_whose(described)}curl {how}"{BASE}{_filled(path, described)}"',
        '-H "Authorization: $TOKEN"',
        '-H "stream-auth-type: jwt"',
    ]
    for parameter in described["parameters"]:
        if "content" in parameter:
            text = json.dumps(_sample("", parameter["content"][JSON]["schema"], path, resolve))
            lines.append(f"-G --data-urlencode {shlex.quote(f'payload={text}')}")
    if "requestBody" in described:
        body = _sample("", described["requestBody"]["content"][JSON]["schema"], path, resolve)
        lines += [f'-H "Content-Type: {JSON}"', f"-d {shlex.quote(json.dumps(body))}"]
    return " \\\n  ".join(lines)


def _whose(described: Mapping[str, Any]) -> str:
    """Return a line that says so when the token must be a user's."""
    return "# TOKEN is a user's token\n" if _OF_USERS & set(described["operationId"].split("_")) else ""


def _filled(path: str, described: Mapping[str, Any]) -> str:
    """Return a path with its parameters and with the query."""
    query = [one["name"] for one in described["parameters"] if one["in"] == "query"]
    told = {name: _NAMED[name] for name in query if name in _NAMED and f"{{{name}}}" not in path}
    query_text = "".join(f"&{name}={quote(value)}" for name, value in told.items())
    return _PLACE.sub(lambda match: in_path(match[1], path), path) + "?api_key=$KEY" + query_text


def in_path(name: str, path: str) -> str:
    """Return what stands for a parameter of a path."""
    return str(_type(path) if name == "type" else _NAMED.get(name, "standup"))


def _type(path: str) -> str:
    return "default" if "/video/" in path else "messaging"


def _sample(name: str, schema: Mapping[str, Any], path: str, resolve: Resolve) -> Any:
    """Return a value that a schema takes: of objects the required fields, or the first that has a sample."""
    schema = resolve(schema)
    if "anyOf" in schema:
        return _sample(name, schema["anyOf"][0], path, resolve)
    if "enum" in schema:
        return schema["enum"][0]
    kind = str(schema.get("type"))
    if name == "type":
        return _type(path)
    if isinstance(_NAMED.get(name), _TYPES.get(kind, ())):
        return _NAMED[name]
    if kind == "array":
        return [_sample("", schema.get("items", {}), path, resolve)]
    fields = schema.get("properties", {})
    wanted = [field for field in fields if field in schema.get("required", ()) or field in _ALWAYS]
    wanted = wanted or [field for field in fields if field in _NAMED][:1]
    return _OTHERS.get(kind, {field: _sample(field, fields[field], path, resolve) for field in wanted})
