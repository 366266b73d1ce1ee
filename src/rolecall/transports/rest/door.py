"""The HTTP door to operations: around every handler it authenticates, limits, reads, writes and tells observers."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.domain.errors import InvalidInput, OverLimit, RolecallError, Unauthenticated
from rolecall.domain.names import shown
from rolecall.service.callers import Caller, Callers
from rolecall.transports.codes import failure_of, unforeseen
from rolecall.transports.edge import Count, Event, Observer
from rolecall.transports.rest import body as reading
from rolecall.transports.rest.connections import Connections
from rolecall.transports.rest.errors import INTERNAL, NOT_FOUND, api_error, code_of, text_of
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.limits import Kind, Limits
from rolecall.transports.rest.operation import Operation
from rolecall.transports.rest.surface import Surface, encoded, surface_of
from rolecall.transports.rpc import Services

_JSON: Final = "application/json"
_LARGE: Final = 64 * 1024  # bytes of a body beyond which reading it would keep others waiting
_READS: Final = frozenset({"GET"})


class Operations:
    """Answers the operations of the table. `count` has a counter for each operation's id."""

    def __init__(
        self,
        services: Services,
        callers: Callers,
        connections: Connections,
        limits: Limits,
        max_body_bytes: int,
        count: Mapping[str, Count],
        observe: Observer,
    ) -> None:
        self._services = services
        self._callers = callers
        self._connections = connections
        self._limits = limits
        self._max_body = max_body_bytes
        self._count = count
        self._observe = observe

    def routes(self, operations: Iterable[Operation]) -> list[Route]:
        """Return the routes of operations, on each of their surfaces."""
        return [self._route(operation, path) for operation in operations for path in operation.paths]

    async def missing(self, request: Request, _: Exception) -> Response:
        """Answer what is no operation of Rolecall."""
        started, path = time.perf_counter(), request.url.path[:200]
        code, message = NOT_FOUND, f"{request.method} {path} is not implemented by Rolecall"
        headers: dict[str, str] = {}
        try:
            self._count_in(self._callers.app_of(request.query_params.get("api_key", "")), Kind.REFUSED, headers)
        except OverLimit as error:
            code, message = code_of(error), error.message
        told = api_error("Request", code, message, _duration(started))
        return Response(encoded(Surface.V2, told), told.StatusCode, headers, _JSON)

    def _route(self, operation: Operation, path: str) -> Route:

        async def endpoint(request: Request) -> Response:
            return await self._answer(operation, request)

        return Route(path, endpoint, methods=[operation.method], include_in_schema=False)

    async def _answer(self, operation: Operation, request: Request) -> Response:
        started = time.perf_counter()
        surface = surface_of(request.url.path)
        headers: dict[str, str] = {}
        caller: Caller | None = None
        failure = cause = None
        try:
            caller = await self._caller(request, headers, operation)
            exchange = await self._exchange(operation, request, surface, caller)
            response = await operation.handler(exchange)
            response.duration = _duration(started)
            content, status = encoded(surface, response), operation.status
        except RolecallError as error:
            cause, failure = error.__cause__, failure_of(error)
            said = text_of(error, failure.message, request.query_params.get("api_key", ""))
            decided = failure.metadata.get("reason", "")
            told = api_error(operation.id, code_of(error), said, _duration(started), failure.field, decided)
            content, status = encoded(surface, told), told.StatusCode
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets no and an incident id
            cause, failure = error, unforeseen(secrets.token_hex(8))
            told = api_error(operation.id, INTERNAL, failure.message, _duration(started))
            content, status = encoded(surface, told), told.StatusCode
        seconds = time.perf_counter() - started
        self._count[operation.id]("OK" if failure is None else failure.name, seconds)
        if failure is not None:
            request_id = request.headers.get("x-client-request-id", "") or secrets.token_hex(8)
            self._observe(
                Event(http_name(operation), seconds, failure.name, caller, request_id[:128], failure, None, cause)
            )
        return Response(content, status, headers, _JSON)

    async def _caller(self, request: Request, headers: dict[str, str], operation: Operation) -> Caller:
        """Return who calls; the headers of the rate limit are there on every answer, on refusals too."""
        key = request.query_params.get("api_key", "")
        try:
            caller = await self._identified(request, key)
        except Exception:
            self._count_in(self._callers.app_of(key), Kind.REFUSED, headers)
            raise
        kind = Kind.READ if operation.method in _READS else Kind.WRITE
        self._count_in(caller.app_id, Kind.ANONYMOUS if caller.anonymous else kind, headers)
        return caller

    async def _identified(self, request: Request, key: str) -> Caller:
        if self._callers.app_of(key) is None:
            raise Unauthenticated("api_key is invalid", reason="API_KEY_UNKNOWN" if key else "API_KEY_MISSING")
        auth = request.headers.get("stream-auth-type", "").lower()
        return await identified(self._callers, auth, key, request.headers.get("authorization", ""))

    def _count_in(self, app: int | None, kind: Kind, headers: dict[str, str]) -> None:
        """Count a request and tell so in the headers of its answer; OverLimit when it is one too many."""
        allowance = self._limits.take(app or 0, kind)
        headers.update(allowance.headers())
        if allowance.exceeded:
            headers["Retry-After"] = str(max(1, allowance.reset - int(time.time())))
            raise OverLimit(f"too many requests: at most {allowance.limit} a minute", reason="RATE_LIMITED")

    async def _exchange(self, operation: Operation, request: Request, surface: Surface, caller: Caller) -> Exchange:
        _check_named_once(request, operation)
        since = self._services.authorizer.revision(caller.app_id)
        plain, body = await self._body(request, operation.body) if operation.body is not None else ({}, None)
        payload = None
        if operation.payload is not None:
            text = request.query_params.get("payload", "") or "{}"
            payload = reading.shaped(reading.parsed(text.encode(), "payload"), operation.payload)
        return Exchange(
            caller,
            surface,
            request.path_params,
            request.query_params,
            body,
            payload,
            plain,
            self._services.administration,
            self._services.authorizer,
            self._connections,
            since,
        )

    async def _body(self, request: Request, shape: type[Struct]) -> tuple[Any, Struct]:
        """Return the body as plain values and in its shape; larger ones are refused before they are read whole."""
        kind = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
        encoding = request.headers.get("content-encoding", "").lower()
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > self._max_body:
                raise reading.too_large(self._max_body)
            chunks.append(chunk)
        body = b"".join(chunks)
        if body and kind != _JSON:
            raise InvalidInput(f"Content-Type must be {_JSON}, got {shown(kind)}", field="Content-Type")
        read = partial(_read, body, encoding, self._max_body, shape)
        return await asyncio.to_thread(read) if encoding or size > _LARGE else read()


def _read(body: bytes, encoding: str, limit: int, shape: type[Struct]) -> tuple[Any, Struct]:
    text = reading.unpacked(body, encoding, limit)
    plain = reading.parsed(text) if text.strip() else {}
    return plain, reading.shaped(plain, shape)


async def identified(callers: Callers, kind: str, key: str, authorization: str) -> Caller:
    """Return who calls, `kind` being the request's `stream-auth-type`: `anonymous` comes without a token."""
    if kind == "jwt":
        return await callers.authenticate(key, authorization)
    if kind != "anonymous":
        raise Unauthenticated("stream-auth-type must be `jwt` or `anonymous`", reason="AUTH_TYPE_INVALID")
    if authorization:
        raise Unauthenticated("an anonymous caller comes without a token", reason="TOKEN_UNWANTED")
    return callers.anonymous(key)


def _check_named_once(request: Request, operation: Operation) -> None:
    """Refuse a query parameter that is there twice: which of them counts would be anyone's guess."""
    for name in ("api_key", "payload", "connection_id", *operation.query):
        if len(request.query_params.getlist(name)) > 1:
            raise InvalidInput(f"the query names `{name}` more than once", field=name)


def http_name(operation: Operation) -> str:
    """Return the name by which metrics and logs know an operation."""
    return f"http/{operation.id}"


def _duration(started: float) -> str:
    return f"{(time.perf_counter() - started) * 1000:.2f}ms"
