"""The OpenAPI 3.1 document, made from the table of operations: whatever is a row there is described here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

from rolecall.transports.rest.errors import CODES, ApiError
from rolecall.transports.rest.operation import Operation
from rolecall.transports.rest.schemas import Look, Schema, Schemas, Shape
from rolecall.transports.rest.surface import Surface, surface_of

JSON: Final = "application/json"
ABOUT: Final = """\
Who may do what on calls and channels, over the HTTP API that Stream's clients speak.

**Surfaces.** Most operations are on several paths, which differ in how answers are written. Under `/api/v2`, times are
Unix nanoseconds and custom data is under `custom`. Under `/video`, times are RFC 3339 and custom data is under
`custom`. On all other paths, times are RFC 3339 and custom data is among an object's own fields, in requests too.

**Who calls.** Every request has the app's key in the query (`api_key`), a signed token in `Authorization`, with no word
before it, and `stream-auth-type: jwt`. A token without `user_id` is a server's, which may do everything in the app. A
token with `user_id` may do what that user may.

**WebSockets.** Beside what is listed here there are two WebSocket paths, which tell users of what happens to the calls
and channels they watch. `/connect` is for chat: it takes `api_key`, `authorization`, `stream-auth-type` and `json` (an
object with `user_id` and `user_details`) in the query. `/video/connect` takes `api_key` and `stream-auth-type`, and the
token in the first message that the client sends, `{"token": …, "products": ["video"], "user_details": {"id": …}}`. Both
answer with a `connection_id`, which operations take in the query.
"""
_PARAMETER: Final = re.compile(r"{(\w+)(?::\w+)?}")
_PREFIXES: Final = {Surface.V2: "", Surface.VIDEO: "video_", Surface.CHAT: "chat_"}
_KEY: Final = {
    "api_key": {"type": "apiKey", "in": "query", "name": "api_key", "description": "The app's key."},
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A JWT, signed with the app's secret (HS256), with no word before it.",
    },
    "auth_type": {
        "type": "apiKey",
        "in": "header",
        "name": "stream-auth-type",
        "description": "`jwt`; `anonymous` goes without a token.",
    },
}
_SECURITY: Final[tuple[dict[str, list[str]], ...]] = (
    {"api_key": [], "auth_type": [], "token": []},
    {"api_key": [], "auth_type": []},
)
_LIMITS: Final = {
    "x-ratelimit-limit": "Requests of this class that the app may make in a minute.",
    "x-ratelimit-remaining": "How many of them are left.",
    "x-ratelimit-reset": "When the next minute begins, in Unix seconds.",
}
_RETRY: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_TOO_MANY: Final = 429


def document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the document; `version` is that of the server."""
    schemas = Schemas(_shapes(operations))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        for path, name in _named(operation):
            where = paths.setdefault(_PARAMETER.sub(r"{\1}", path), {})
            where[operation.method.lower()] = _described(operation, path, name, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rolecall", "version": version, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "security": list(_SECURITY),
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {_error(status): _refusal(status, schemas) for status in statuses()},
            "headers": {name: {"description": about, "schema": {"type": "integer"}} for name, about in _LIMITS.items()},
            "securitySchemes": _KEY,
        },
    }


def statuses() -> list[int]:
    """Return every HTTP status of an error."""
    return sorted({code.status for code in CODES})


def codes(status: int) -> list[int]:
    """Return the codes that go with the HTTP status of an error."""
    return sorted(code.code for code in CODES if code.status == status)


def needed(operation: Operation) -> str:
    """Return what a user's token needs for an operation."""
    if operation.needs is None:
        return "For server tokens only."
    if not operation.needs:
        return "For every valid token."
    return f"A user needs, as far as the request uses it: {', '.join(f'`{action}`' for action in operation.needs)}."


def _shapes(operations: Iterable[Operation]) -> dict[Look, list[Shape]]:
    shapes: dict[Look, list[Shape]] = {None: []}
    for operation in operations:
        shapes[None] += (shape for shape in (operation.body, operation.payload) if shape is not None)
        for path in operation.paths:
            shapes.setdefault(surface_of(path), [ApiError]).append(operation.response)
    return shapes


def _named(operation: Operation) -> Iterable[tuple[str, str]]:
    """Yield the paths of an operation, each with a name that no other has."""
    seen: dict[Surface, int] = {}
    for path in operation.paths:
        surface = surface_of(path)
        seen[surface] = place = seen.get(surface, 0) + 1
        yield path, _PREFIXES[surface] + operation.id + (f"_{place}" if place > 1 else "")


def _described(operation: Operation, path: str, name: str, schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": needed(operation),
        "parameters": _parameters(operation, path, schemas),
        "responses": {
            str(operation.status): _success(operation, surface_of(path), schemas),
            **{str(status): {"$ref": f"#/components/responses/{_error(status)}"} for status in statuses()},
        },
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": _has_required(operation.body, schemas),
            "content": {JSON: {"schema": schemas.reference(None, operation.body)}},
        }
    return described


def _parameters(operation: Operation, path: str, schemas: Schemas) -> list[Schema]:
    text = {"type": "string"}
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in _PARAMETER.findall(path)
    ]
    found += ({"name": name, "in": "query", "schema": text} for name in operation.query)
    if operation.payload is not None:
        found.append(
            {
                "name": "payload",
                "in": "query",
                "required": _has_required(operation.payload, schemas),
                "content": {JSON: {"schema": schemas.reference(None, operation.payload)}},
            }
        )
    return found


def _has_required(shape: Shape, schemas: Schemas) -> bool:
    return bool(schemas.resolved(schemas.reference(None, shape))["required"])


def _success(operation: Operation, surface: Surface, schemas: Schemas) -> Schema:
    shape = {**schemas.reference(surface, operation.response), "required": ["duration"]}
    return {
        "description": HTTPStatus(operation.status).phrase,
        "headers": _headers(),
        "content": {JSON: {"schema": shape}},
    }


def _refusal(status: int, schemas: Schemas) -> Schema:
    return {
        "description": f"{HTTPStatus(status).phrase}. `code` is {' or '.join(map(str, codes(status)))}.",
        "headers": {**_headers(), **(_RETRY if status == _TOO_MANY else {})},
        "content": {JSON: {"schema": schemas.reference(Surface.V2, ApiError)}},
    }


def _headers() -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in _LIMITS}


def _error(status: int) -> str:
    return f"Error{status}"
