"""Bad input on every operation of the table: refused as such, the field named, and nothing written.

What is sent follows from the table: an operation that is added is tested with no change here.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, Final, NamedTuple, get_type_hints
from urllib.parse import quote

import httpx
import msgspec
import pytest

from rolecall.api.v1 import app_pb2
from rolecall.transports.rest.operation import Operation
from rolecall.transports.rest.operations import OPERATIONS
from tests.doors import Client, make_app, running
from tests.integration.rest.shapes import ERROR, Exactly, check
from tests.integration.rest.test_http_api import V2, Door

MEBIBYTE: Final = 1024 * 1024
VALUES: Final[tuple[Any, ...]] = (5, -1.5, True, "text", [], ["x"], [5], {}, {"x": 5}, [[]], [{}], {"x": {}})
BODIED: Final = [operation for operation in OPERATIONS if operation.body is not None]
PAYLOADED: Final = [operation for operation in OPERATIONS if operation.payload is not None]
UNSTORED: Final = frozenset({"StopWatchingChannel"})
"""Operations to which it is the same whether a thing is not there or can't be."""
NEVER_IDS: Final = ("%00", "a%00b", "%0A", "%7F", "x" * 300, "%E2%82%AC" * 90, "%C2%85")
ODD_IDS: Final = ("%2F", "a%2Fb", "%FF", "%ED%A0%80", "%E2%82%AC", "a+b", "%20", "..%2F..", "%25", "%3F", "'", '"', "*")


class Site(NamedTuple):
    """A server, its HTTP door, and a look at the app's revision."""

    door: Door
    grpc: Client

    def revision(self) -> int:
        return int(self.grpc(app_pb2.GetAppRequest()).revision)

    def refused(self, operation: Operation, path: str, *, say: str = "", code: int = 4, **sent: Any) -> None:
        """Check that a request is refused as bad input, in words that say what is at fault."""
        answer = self.door.raw(operation.method, path, **sent)
        status = 413 if code == 22 else 400
        assert answer.status_code == status, (path, sent, answer.status_code, answer.text)
        shape = ERROR | {"code": Exactly(code), "StatusCode": Exactly(status)}
        check(answer.json(), shape, nanoseconds=path.startswith(V2))
        message = answer.json()["message"]
        assert message.startswith(f"{operation.id} failed with error: ")
        assert say in message, (say, message)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    db = tmp_path_factory.mktemp("bad") / "rolecall.db"
    app = make_app(db)
    options = {"max_message_mb": 1, "http_requests_per_minute": 1_000_000}
    with running(db, **options) as started, httpx.Client(base_url=started.http, timeout=20) as http:
        yield Site(Door(http, app), started.client(app))


@pytest.fixture(autouse=True)
def _nothing_written(site: Site) -> Iterator[None]:
    before = site.revision()
    yield
    assert site.revision() == before


def each(operations: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.id)


def filled(path: str, segment: str = "x") -> str:
    """Return a path with a segment in the place of each parameter."""
    return "/".join(segment if part.startswith("{") else part for part in path.split("/"))


def misfits(shape: type[msgspec.Struct]) -> Iterator[tuple[str, Any]]:
    """Return, for each field of a shape, two values that are not of its type."""
    hints = get_type_hints(shape, include_extras=True)
    for place, field in enumerate(msgspec.structs.fields(shape)):
        turned = VALUES[place % len(VALUES) :] + VALUES[: place % len(VALUES)]
        unfit = (value for value in turned if _misfits(value, hints.get(field.name, field.type)))
        yield from ((field.encode_name, value) for value in islice(unfit, 2))


def _misfits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError:
        return True
    return False


# --- values that are not of their type -------------------------------------------------------------------------------


@each(BODIED)
def test_a_body_field_of_another_type_is_named(site: Site, operation: Operation) -> None:
    assert operation.body is not None
    for (field, value), path in zip(misfits(operation.body), cycle(operation.paths), strict=False):
        site.refused(operation, filled(path), say=f"`{field}", json={field: value})


@each(PAYLOADED)
def test_a_payload_field_of_another_type_is_named(site: Site, operation: Operation) -> None:
    assert operation.payload is not None
    for (field, value), path in zip(misfits(operation.payload), cycle(operation.paths), strict=False):
        site.refused(operation, filled(path), say=field, params={"payload": json.dumps({field: value})})


def test_the_table_has_misfits_to_send() -> None:
    assert sum(1 for operation in BODIED for _ in misfits(operation.body or msgspec.Struct)) > 200


# --- bodies that are no JSON objects ---------------------------------------------------------------------------------

NO_OBJECTS: Final[dict[str, tuple[bytes, str]]] = {
    "a list": (b"[]", "body"),
    "a text": (b'"x"', "body"),
    "a number": (b"5", "body"),
    "null": (b"null", "body"),
    "cut": (b'{"name":"x"', "body"),
    "two objects": (b"{}{}", "body"),
    "no UTF-8": (b'{"name":"\xff"}', "body"),
    "UTF-16": ('{"name":"x"}'.encode("utf-16"), "body"),
    "nested 66 deep": (b'{"x":' + b"[" * 65 + b"]" * 65 + b"}", "nested deeper"),
    "nested without end": (b'{"x":' * 20_000, "body"),
    "a key twice": (b'{"name":"x","name":"y"}', "`name`"),
    "a key twice within": (b'{"a":{"b":[{"c":1,"c":2}]}}', "`c`"),
    "NaN": (b'{"x":NaN}', "NaN"),
    "Infinity": (b'{"x":-Infinity}', "Infinity"),
    "a float beyond all": (b'{"a":{"x":1e999}}', "`a.x` is a number beyond 64 bits"),
    "an integer beyond 64 bits": (b'{"a":[0,9223372036854775808]}', "`a[1]` is a number beyond 64 bits"),
    "an integer below 64 bits": (b'{"x":-9223372036854775809}', "`x` is a number beyond 64 bits"),
    "an integer of 5,000 digits": (b'{"x":' + b"9" * 5_000 + b"}", "body"),
    "half a character": (b'{"a":{"b":"x\\ud800"}}', "`a.b` holds half a character"),
    "half a character in a key": (b'{"a":{"\\udfff":1}}', "holds half a character"),
    "a control character": (b'{"name":"x\ny"}', "body"),
}


@each(BODIED)
def test_a_body_that_is_no_object_is_refused(site: Site, operation: Operation) -> None:
    for (content, say), path in zip(NO_OBJECTS.values(), cycle(operation.paths), strict=False):
        headers = {"Content-Type": "application/json"}
        site.refused(operation, filled(path), say=say, content=content, headers=headers)


@each(PAYLOADED)
def test_a_payload_that_is_no_object_is_refused(site: Site, operation: Operation) -> None:
    for text in ("[]", "5", "{", '{"a":1,"a":2}', '{"x":NaN}', '{"x":"\\ud800"}', "{" * 5_000):
        site.refused(operation, filled(operation.paths[0]), params={"payload": text})


@each(BODIED)
def test_a_body_of_another_content_type_is_refused(site: Site, operation: Operation) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        headers = {"Content-Type": kind}
        site.refused(operation, filled(operation.paths[0]), say="Content-Type", content=b'{"x":1}', headers=headers)


@each(BODIED)
def test_packed_bodies_that_are_broken_or_too_large_are_refused(site: Site, operation: Operation) -> None:
    path = filled(operation.paths[0])
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(b'{"x":1}')
    for broken in (packed[:-9], packed[:3], b"{}", packed + b"{}"):
        site.refused(operation, path, content=broken, headers=headers)
    bomb = gzip.compress(b'{"x":"' + bytes(20 * MEBIBYTE))
    assert len(bomb) < MEBIBYTE
    site.refused(operation, path, code=22, content=bomb, headers=headers)
    headers["Content-Encoding"] = "br"
    site.refused(operation, path, say="Content-Encoding", content=b"{}", headers=headers)


@each(BODIED)
def test_a_body_that_is_too_large_is_refused(site: Site, operation: Operation) -> None:
    content = b'{"x":"' + b"x" * 2 * MEBIBYTE + b'"}'
    headers = {"Content-Type": "application/json"}
    site.refused(operation, filled(operation.paths[0]), code=22, content=content, headers=headers)


# --- paths and queries -----------------------------------------------------------------------------------------------


def _told(answer: httpx.Response) -> None:
    """Check that an answer that refuses is one of ours."""
    assert answer.status_code in {400, 404}, (answer.request.url, answer.text)
    check(answer.json(), ERROR, nanoseconds=answer.request.url.path.startswith(V2))


@each([operation for operation in OPERATIONS if "{" in operation.paths[0] and operation.id not in UNSTORED])
def test_an_id_that_can_be_none_is_refused_or_not_found(site: Site, operation: Operation) -> None:
    for segment, path in zip(NEVER_IDS, cycle(operation.paths), strict=False):
        sent: dict[str, Any] = {"json": {}} if operation.body else {}
        _told(site.door.raw(operation.method, filled(path, segment), **sent))


@each([operation for operation in OPERATIONS if "{" in operation.paths[0] and operation.method in {"GET", "DELETE"}])
def test_an_odd_id_is_an_id_or_not_found(site: Site, operation: Operation) -> None:
    for segment, path in zip(ODD_IDS, cycle(operation.paths), strict=False):
        _told(site.door.raw(operation.method, filled(path, segment)))


@each(list(OPERATIONS))
def test_a_query_parameter_named_twice_is_refused(site: Site, operation: Operation) -> None:
    path, key = filled(operation.paths[0]), quote(site.door.app.key)
    for name in ("payload", *operation.query):
        url = f"{path}?api_key={key}&{name}=a&{name}=b"
        headers = {"Authorization": site.door.app.token(), "stream-auth-type": "jwt"}
        answer = site.door.http.request(operation.method, url, headers=headers)
        assert answer.status_code == 400, answer.text
        assert f"`{name}` more than once" in answer.json()["message"]


@pytest.mark.parametrize("text", ["", "x" * 100_000, "\x00", "%ff", "€", "'; --"])
def test_texts_in_queries_are_only_texts(site: Site, text: str) -> None:
    for path in ("/roles/search", "/api/v2/roles/search"):
        assert site.door.raw("GET", path, params={"query": text[:60_000]}).status_code == 200


@pytest.mark.parametrize("name", ["", "\x00", "a\x00b", "x" * 300, "€" * 100, "a b", "\u2028"])
def test_a_name_that_can_be_none_is_named(site: Site, name: str) -> None:
    for path in ("/roles", "/video/calltypes", "/channeltypes"):
        assert "`name`" in site.door.no("POST", path, 400, 4, json={"name": name})


@pytest.mark.parametrize("field", ["id", "name"])
@pytest.mark.parametrize("name", ["\x00", "a\x00b", "x" * 300])
def test_a_permission_that_can_not_be_named_so_is_refused(site: Site, field: str, name: str) -> None:
    body = {"id": "x", "name": "x", "action": "ReadChannel", "condition": {}, field: name}
    assert f"`{field}`" in site.door.no("POST", "/permissions", 400, 4, json=body)
