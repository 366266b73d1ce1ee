"""The OpenAPI document as a server gives it out: whole, right by the rules of OpenAPI, and true to the table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis

from rolecall import __version__
from rolecall.domain.settings import SETTINGS
from rolecall.transports.rest.errors import CODES
from rolecall.transports.rest.operations import OPERATIONS
from rolecall.transports.rest.surface import Surface, surface_of
from tests.doors import make_app, running

TIMES = {
    Surface.V2: {"type": "integer", "format": "int64"},
    Surface.VIDEO: {"type": "string", "format": "date-time"},
    Surface.CHAT: {"type": "string", "format": "date-time"},
}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    db = tmp_path_factory.mktemp("openapi") / "rolecall.db"
    make_app(db)
    with running(db) as started, httpx.Client(base_url=started.http, timeout=20) as client:
        yield client


@pytest.fixture(scope="module")
def answer(http: httpx.Client) -> httpx.Response:
    """Return the answer with the document, which needs no key and no token."""
    return http.get("/openapi.json")


@pytest.fixture(scope="module")
def document(answer: httpx.Response) -> Any:
    return answer.json()


def each(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object within a value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from each(inner)


def followed(document: Any, schema: Any) -> Any:
    while "$ref" in schema:
        within, *path = schema["$ref"].split("/")
        assert within == "#"
        schema = document
        for part in path:
            schema = schema[part]
    return schema


def rows() -> Iterator[tuple[str, str, Any]]:
    return ((operation.method.lower(), path, operation) for operation in OPERATIONS for path in operation.paths)


def test_it_is_given_to_anyone(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-encoding"] == "gzip"


def test_it_is_openapi(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == __version__
    schemathesis.openapi.from_dict(document).validate()


def test_it_has_every_operation_of_the_table_and_no_other(document: Any) -> None:
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(method, path) for method, path, _ in rows()}


def test_every_reference_leads_somewhere_and_every_component_is_used(document: Any) -> None:
    references = {one["$ref"] for one in each(document) if isinstance(one.get("$ref"), str)}
    for reference in references:
        assert isinstance(followed(document, {"$ref": reference}), dict), reference
    kinds = ("schemas", "responses", "headers")
    there = {f"#/components/{kind}/{name}" for kind in kinds for name in document["components"][kind]}
    assert there == references


def test_ids_are_unique_and_those_of_the_first_surface_are_the_tables(document: Any) -> None:
    ids = Counter(one["operationId"] for methods in document["paths"].values() for one in methods.values())
    assert [name for name, times in ids.items() if times > 1] == []
    assert {name for name in ids if "_" not in name} >= {
        operation.id for operation in OPERATIONS if any(surface_of(path) is Surface.V2 for path in operation.paths)
    }


def test_every_path_parameter_is_described(document: Any) -> None:
    for path, methods in document["paths"].items():
        for one in methods.values():
            named = {found["name"] for found in one["parameters"] if found["in"] == "path" and found["required"]}
            assert named == set(re.findall(r"{(\w+)}", path)), path


def test_queries_and_bodies_are_those_of_the_table(document: Any) -> None:
    for method, path, operation in rows():
        described = document["paths"][path][method]
        query = {one["name"] for one in described["parameters"] if one["in"] == "query"}
        assert query == {*operation.query, *(["payload"] if operation.payload else [])}, path
        assert ("requestBody" in described) == (operation.body is not None), path
        if operation.body is not None:
            body = followed(document, described["requestBody"]["content"]["application/json"]["schema"])
            assert set(body["properties"]) == set(operation.body.__struct_fields__), path
            assert described["requestBody"]["required"] == bool(body["required"]), path


def test_answers_are_those_of_the_table_and_every_refusal_is_there(document: Any) -> None:
    for method, path, operation in rows():
        answers = document["paths"][path][method]["responses"]
        assert set(answers) == {str(operation.status), *(str(code.status) for code in CODES)}, path
        success = answers[str(operation.status)]["content"]["application/json"]["schema"]
        assert success["required"] == ["duration"], path
        fields = followed(document, {"$ref": success["$ref"]})["properties"]
        assert set(fields) >= set(operation.response.__struct_fields__), path
        for code in CODES:
            refusal = followed(document, answers[str(code.status)])
            error = followed(document, refusal["content"]["application/json"]["schema"])
            assert set(error["required"]) == {"code", "message", "StatusCode", "duration", "more_info", "details"}
            assert re.search(rf"(?<!\d){code.code}(?!\d)", refusal["description"]), code


def test_times_are_in_the_form_of_the_surface(document: Any) -> None:
    seen = set()
    for method, path, operation in rows():
        surface, waiting, done = surface_of(path), [document["paths"][path][method]["responses"]], set()
        while waiting:
            for one in each(waiting.pop()):
                if (reference := one.get("$ref")) and reference not in done:
                    done.add(reference)
                    waiting.append(followed(document, one))
                for name, schema in one.get("properties", {}).items():
                    if name in {"created_at", "updated_at"}:
                        assert TIMES[surface].items() <= schema.items(), (operation.id, path, name)
                        seen.add(surface)
    assert seen == set(Surface)


def test_settings_are_shown_with_their_fields(document: Any) -> None:
    asked, answered = (document["components"]["schemas"][f"CallSettings{end}"] for end in ("_request", ""))
    for path in SETTINGS:
        *groups, name = path.split(".")
        within, outside = asked, answered
        for group in groups:
            within, outside = within["properties"][group]["anyOf"][0], outside["properties"][group]
        assert {"type": "null"} in within["properties"][name]["anyOf"], path
        assert within["additionalProperties"] is True
        assert outside["properties"][name]["type"] in {"boolean", "integer", "string", "array"}, path
    update = document["components"]["schemas"]["UpdateCallTypeRequest"]["properties"]
    assert {"$ref": "#/components/schemas/CallSettings_request"} in update["settings"]["anyOf"]
    assert {"$ref": "#/components/schemas/NotificationSettings_request"} in update["notification_settings"]["anyOf"]


def test_lists_that_are_always_empty_are_of_objects(document: Any) -> None:
    state = next(one for one in each(document) if "pinned_messages" in one)
    for name in ("messages", "pinned_messages", "threads", "read"):
        assert state[name]["items"] == {"type": "object"}, name


def test_security_is_the_key_the_kind_and_the_raw_token(document: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    assert {(one["type"], one["in"], one["name"]) for one in schemes.values()} == {
        ("apiKey", "query", "api_key"),
        ("apiKey", "header", "Authorization"),
        ("apiKey", "header", "stream-auth-type"),
    }
    assert all(set(one) <= set(schemes) for one in document["security"])
    assert set(document["security"][0]) == set(schemes)


def test_the_websockets_are_mentioned(document: Any) -> None:
    assert "`/connect`" in document["info"]["description"]
    assert "`/video/connect`" in document["info"]["description"]


def test_it_cannot_be_written(http: httpx.Client) -> None:
    assert http.post("/openapi.json", json={}).status_code == 404
