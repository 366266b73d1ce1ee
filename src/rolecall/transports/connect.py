"""Unary RPCs by plain HTTP: the Connect protocol with JSON and protobuf, on the HTTP door.

The same methods and edge as gRPC's doors: here is only how a request is read, and how answers and errors are written.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple, cast

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import code_pb2
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from rolecall.domain.errors import InvalidInput, RolecallError
from rolecall.domain.names import printable, shown
from rolecall.transports.codes import Failure, failure_of, method_unknown
from rolecall.transports.edge import Edge
from rolecall.transports.rest.body import parsed, unpacked
from rolecall.transports.rpc import Incoming, Method

_JSON: Final = "application/json"
_PROTO: Final = "application/proto"
_ACCEPTED: Final = {"Accept-Post": f"{_JSON}, {_PROTO}"}
_TIMEOUT: Final = re.compile(r"[0-9]{1,10}")
_UNKNOWN_FIELD: Final = re.compile(r'no field named "(?P<field>[^"]*)" at "[^".]*\.?(?P<within>[^"]*)"')
_MISFIT: Final = re.compile(
    r"(?:Failed to parse (?P<name>\S+) field: )+(?P<what>.*?)(?: at \w+\.(?P<place>[^ ]+?)\.?)?\.?", re.DOTALL
)
_LONGEST_REQUEST_ID: Final = 128
_LARGE: Final = 64 * 1024  # bytes beyond which reading and writing JSON would keep others waiting

_STATUS: Final = {
    code_pb2.CANCELLED: 499,
    code_pb2.UNKNOWN: 500,
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.FAILED_PRECONDITION: 400,
    code_pb2.ABORTED: 409,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.INTERNAL: 500,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DATA_LOSS: 500,
    code_pb2.UNAUTHENTICATED: 401,
}
"""The protocol's HTTP status of each code."""


def routes(edge: Edge, methods: Iterable[Method], max_body_bytes: int) -> list[BaseRoute]:
    """Return the routes of all methods, as one that finds them by a single look-up."""
    return [_Rpcs(edge, methods, max_body_bytes)]


class _Refused(Exception):
    """An answer that is not the edge's to give."""

    def __init__(self, failure: Failure, status: int | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.status = status or _STATUS[failure.code]


class _FromJson:
    """Reads a request message from JSON where an edge reads one from protobuf."""

    def __init__(self, message: type[Message]) -> None:
        self.DESCRIPTOR = message.DESCRIPTOR
        self._message = message

    def FromString(self, text: bytes) -> Message:
        """Return the message; InvalidInput names the field that does not fit."""
        value = parsed(text)
        if not isinstance(value, dict):
            raise InvalidInput("the body must be a JSON object", field="body")
        _check_names(value, self.DESCRIPTOR)
        message = self._message()
        try:
            json_format.ParseDict(value, message)
        except (json_format.ParseError, ValueError, TypeError, AttributeError, OverflowError) as error:
            raise _misfit(str(error)) from None
        return message


def _check_names(value: Any, message: Any, within: str = "") -> None:
    """Refuse a field that is named both ways, of which protobuf would take the last."""
    if not isinstance(value, dict) or message.full_name.startswith("google.protobuf."):
        return
    named = set()
    for key, item in value.items():
        field = message.fields_by_name.get(key) or message.fields_by_camelcase_name.get(key)
        if field is None:
            continue
        place = f"{within}.{key}".removeprefix(".")
        if field.name in named:
            raise InvalidInput(f"{shown(place)} is named twice", field=place[:80])
        named.add(field.name)
        inner: Any = field.message_type
        items: Any = item if isinstance(item, list) else (item,)
        if inner is not None and inner.GetOptions().map_entry:
            inner, items = inner.fields_by_name["value"].message_type, item.values() if isinstance(item, dict) else ()
        for one in items if inner else ():
            _check_names(one, inner, place)


class _Read(NamedTuple):
    """A request message that was read already, or what is wrong with it."""

    result: Message | InvalidInput

    def FromString(self, _: bytes) -> Message:
        """Return the message."""
        if isinstance(self.result, InvalidInput):
            raise self.result
        return self.result


def _read_apart(message: Any, text: bytes) -> _Read:
    try:
        return _Read(message.FromString(text))
    except InvalidInput as error:
        return _Read(error)


class _Rpc(NamedTuple):
    """One method, as it is asked with each of the content types."""

    by_type: Mapping[str, Method]
    response: type[Message]
    streams: bool


class _Rpcs(BaseRoute):
    def __init__(self, edge: Edge, methods: Iterable[Method], max_body_bytes: int) -> None:
        self._edge = edge
        self._max_body = max_body_bytes
        rows = tuple(methods)
        self._prefixes = tuple({f"/{method.service}/" for method in rows})
        self._rpcs = {method.path: _rpc(method) for method in rows}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for one of the services."""
        found = scope["type"] == "http" and (scope["path"] in self._rpcs or scope["path"].startswith(self._prefixes))
        return (Match.FULL if found else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Return no path: these routes have no names."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        except _Refused as refused:
            response = _error(refused.failure, refused.status)
        except RolecallError as error:
            response = _error(failure_of(error))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        rpc = self._rpcs.get(request.scope["path"])
        if rpc is None:
            raise _Refused(method_unknown(request.scope["path"]), 404)
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        method = rpc.by_type.get(kind)
        if method is None:
            return _wrong_type(rpc, kind)
        deadline = _deadline(request.headers)
        try:
            async with asyncio.timeout_at(deadline):
                result = await self._run(request, method, deadline)
        except TimeoutError:
            result = _failure(code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the deadline has passed")
        if isinstance(result, Failure):
            return _error(result)
        if kind == _JSON:
            write = partial(_json, rpc.response, result)
            return Response(await asyncio.to_thread(write) if len(result) > _LARGE else write(), media_type=_JSON)
        return Response(result, media_type=kind)

    async def _run(self, request: Request, method: Method, deadline: float | None) -> bytes | Failure:
        body = await self._body(request)
        if isinstance(method.request, _FromJson) and len(body) > _LARGE:
            read = await asyncio.to_thread(_read_apart, method.request, body)
            method = method._replace(request=cast("type[Message]", read))
        loop, headers = asyncio.get_running_loop(), request.headers
        incoming = Incoming(
            headers.get("x-api-key", ""),
            headers.get("authorization", ""),
            headers.get("x-request-id", "")[:_LONGEST_REQUEST_ID],
            False,
            lambda: None if deadline is None else max(0.0, deadline - loop.time()),
        )
        return await self._edge.run(method, body, incoming)

    async def _body(self, request: Request) -> bytes:
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > self._max_body:
                raise self._too_large()
            chunks.append(chunk)
        encoding = request.headers.get("content-encoding", "").lower()
        try:
            return unpacked(b"".join(chunks), encoding, self._max_body)
        except InvalidInput as error:
            if error.code_reason == "BODY_TOO_LARGE":
                raise self._too_large() from None
            raise

    def _too_large(self) -> _Refused:
        message = f"the body is larger than {self._max_body} bytes"
        return _Refused(_failure(code_pb2.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", message))


def _rpc(method: Method) -> _Rpc:
    if method.streams_in or method.streams_out:
        return _Rpc({}, method.response, streams=True)
    from_json = method._replace(request=cast("type[Message]", _FromJson(method.request)))
    return _Rpc({_JSON: from_json, _PROTO: method}, method.response, streams=False)


def _deadline(headers: Mapping[str, str]) -> float | None:
    """Return when the call must be answered, by the loop's clock."""
    version, timeout = headers.get("connect-protocol-version", "1"), headers.get("connect-timeout-ms")
    if version != "1":
        raise InvalidInput(
            f"Connect-Protocol-Version must be 1, got {shown(version)}", field="Connect-Protocol-Version"
        )
    if timeout is None:
        return None
    if not _TIMEOUT.fullmatch(timeout):
        raise InvalidInput(
            f"Connect-Timeout-Ms must be a number of at most ten digits, got {shown(timeout)}",
            field="Connect-Timeout-Ms",
        )
    return asyncio.get_running_loop().time() + int(timeout) / 1000


def _wrong_type(rpc: _Rpc, kind: str) -> Response:
    """Answer a request of a content type that the method does not take; it says which it takes."""
    if rpc.streams:
        return _error(_failure(code_pb2.UNIMPLEMENTED, "STREAMING", "this method streams: ask it over gRPC"), 415)
    said = shown(kind) if kind else "none"
    message = f"the content-type must be {_JSON} or {_PROTO}, got {said}"
    response = _error(_failure(code_pb2.INVALID_ARGUMENT, "CONTENT_TYPE", message), 415)
    response.headers.update(_ACCEPTED)
    return response


def _misfit(message: str) -> InvalidInput:
    """Turn what protobuf says of JSON into an error in our words."""
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown:
        place = f"{unknown['within']}.{unknown['field']}".removeprefix(".")
        return InvalidInput(f"there is no field {shown(place)}", field=place[:80], reason="UNKNOWN_FIELD")
    misfit = _MISFIT.fullmatch(message)
    field, what = (misfit["place"] or misfit["name"], misfit["what"]) if misfit else ("body", message)
    return InvalidInput(f"{shown(field)} does not fit: {printable(what.partition(chr(10))[0])}", field=field[:80])


def _failure(code: int, reason: str, message: str) -> Failure:
    return Failure(code, message, reason, "", {})


def _json(response: type[Message], body: bytes) -> str:
    """Return a message as JSON; what is false, 0 or empty is shown too."""
    message = response.FromString(body)
    return json_format.MessageToJson(message, indent=None, always_print_fields_with_no_presence=True)


def _error(failure: Failure, status: int | None = None) -> Response:
    details = []
    for detail in failure.status().details:
        debug = json_format.MessageToDict(detail)
        debug.pop("@type")
        details.append(
            {
                "type": detail.type_url.rpartition("/")[2],
                "value": base64.b64encode(detail.value).rstrip(b"=").decode(),
                "debug": debug,
            }
        )
    name = failure.name.lower().replace("cancelled", "canceled")
    body = json.dumps({"code": name, "message": failure.message, "details": details})
    return Response(body, status or _STATUS[failure.code], media_type=_JSON)
