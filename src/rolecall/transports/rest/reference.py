"""The reference page: the OpenAPI document for people to read, as one HTML page that needs nothing else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.transports.rest.openapi import ABOUT, JSON, codes, document, needed, statuses
from rolecall.transports.rest.operation import Operation
from rolecall.transports.rest.samples import BASE, curl
from rolecall.transports.rest.schemas import PREFIX, Schema

_STYLE: Final = Path(__file__).with_name("reference.css").read_text(encoding="utf-8")
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
_HEADERS: Final = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
_STRONG: Final = re.compile(r"\*\*(.+?)\*\*")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_CODE: Final = re.compile(r"`([^`]+)`")
_MEANINGS: Final[Mapping[int, str]] = {
    -1: "the server could not answer",
    2: "the API key is missing, or of no app",
    4: "something in the request is not right, or not possible as things are",
    5: "the token or <code>stream-auth-type</code> is not right",
    6: "another user has the name",
    9: "too many requests; <code>Retry-After</code> says when the next minute begins",
    16: "what is asked for is not there, or not an operation of this server",
    17: "the caller may not do this",
    22: "the body is too large",
    40: "the token has expired",
    41: "the token is not valid yet",
    42: "the token was issued in the future",
    43: "the token is signed with another secret",
    46: "the WebSocket connection is not there, or another caller's",
}
_LIMITS: Final[Mapping[str, str]] = {
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "matches {}",
}


def routes(operations: Sequence[Operation], version: str) -> list[Route]:
    """Return the routes of the document and of the page, which are made once, when somebody first asks."""

    @cache
    def made() -> Mapping[str, str]:
        described = document(operations, version)
        return {"/openapi.json": json.dumps(described), "/docs": page(operations, described)}

    def given(path: str, kind: str) -> Route:
        async def answer(request: Request) -> Response:
            # It takes a moment, in which decisions are to be made all the same.
            text = (await asyncio.to_thread(made))[path]
            return Response(text.replace(BASE, _asked_at(request)), 200, _HEADERS, kind)

        return Route(path, answer, methods=["GET"])

    return [given("/openapi.json", JSON), given("/docs", "text/html; charset=utf-8")]


def _asked_at(request: Request) -> str:
    """Return the scheme and host of a request; those of samples when its host is none that a shell takes as it is."""
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}" if _HOST.fullmatch(host) else BASE


def page(operations: Sequence[Operation], described: Mapping[str, Any]) -> str:
    """Return the page for a document and the operations it was made from."""
    shown = _Page(described)
    tags = {tag: [one for one in operations if one.tag == tag] for tag in dict.fromkeys(one.tag for one in operations)}
    sections = [shown.section(tag, rows) for tag, rows in tags.items()]
    info = described["info"]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(info['title'])} HTTP API</title><style>{_STYLE}</style></head><body>",
            _contents(tags),
            f'<main><h1>{escape(info["title"])} HTTP API</h1><p class="sub">Version {escape(info["version"])}. ',
            'The same for machines: <a href="openapi.json">openapi.json</a>.</p>',
            *(f"<p>{_text(paragraph)}</p>" for paragraph in ABOUT.split("\n\n")),
            _errors(),
            *sections,
            shown.shapes(),
            "</main></body></html>\n",
        )
    )


def _contents(tags: Mapping[str, Iterable[Operation]]) -> str:
    parts = [f'<p><a href="#{_anchor(tag)}">{escape(tag)}</a></p>{_links(rows)}' for tag, rows in tags.items()]
    ends = '<p><a href="#{0}">{0}</a></p>'
    return f'<nav aria-label="Contents">{ends.format("errors")}{"".join(parts)}{ends.format("shapes")}</nav>'


def _links(operations: Iterable[Operation]) -> str:
    links = "".join(f'<li><a href="#{one.id}"><b>{one.id}</b> {escape(one.summary)}</a></li>' for one in operations)
    return f'<ul class="contents">{links}</ul>'


def _errors() -> str:
    rows = "".join(_error(status, code) for status in statuses() for code in codes(status))
    return (
        '<h2 id="errors">errors</h2><p>Every refusal has the fields of <a href="#shape-ApiError">ApiError</a>. '
        "<code>message</code> begins with the operation, and <code>exception_fields</code> names the field at fault. "
        "Every operation can be refused in each of these ways.</p>"
        f"<table>{rows}</table>"
    )


def _error(status: int, code: int) -> str:
    meaning = _MEANINGS.get(code, "")
    return f"<tr><td>{status} {HTTPStatus(status).phrase}, code <code>{code}</code></td><td>{meaning}</td></tr>"


class _Page:
    """Writes the parts of the page, and keeps which shapes they link to."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        self._paths = described["paths"]
        self._components: Mapping[str, Schema] = described["components"]["schemas"]
        self._linked = {"ApiError": None}

    def section(self, tag: str, operations: Iterable[Operation]) -> str:
        """Return the operations of a tag."""
        operations = tuple(operations)
        return (
            f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>{_links(operations)}{"".join(map(self._operation, operations))}'
        )

    def shapes(self) -> str:
        """Return every shape that is linked to, and those which these link to."""
        parts, done = [], set[str]()
        while waiting := [name for name in self._linked if name not in done]:
            for name in waiting:
                done.add(name)
                parts.append((name, self._shape(name)))
        return '<h2 id="shapes">shapes</h2>' + "".join(text for _, text in sorted(parts))

    def _shape(self, name: str) -> str:
        schema = self._components[name]
        return (
            f'<article id="shape-{name}"><h3><a href="#shape-{name}">{name}</a></h3>'
            f"<p>{_text(schema.get('description', ''))}</p>{self._fields(schema)}</article>"
        )

    def _operation(self, operation: Operation) -> str:
        method, path = operation.method, operation.paths[0]
        described = self._paths[path][method.lower()]
        paths = "".join(
            f'<li><b class="{method}">{method}</b><span>{escape(one)}</span></li>' for one in operation.paths
        )
        answer = described["responses"][str(operation.status)]["content"][JSON]["schema"]
        example = curl(method, path, described, self._resolved)
        return (
            f'<article id="{operation.id}"><header><h3><a href="#{operation.id}">{operation.id}</a></h3>'
            f'<span class="does">{escape(operation.summary)}</span></header>'
            f'<ul class="paths">{paths}</ul><p>{_text(needed(operation))}</p>'
            f"{self._parameters(described)}{self._body(described)}"
            f"<h4>Answer: {operation.status}</h4>{self._fields(self._resolved(answer), marks=False)}"
            f"<h4>Example</h4><pre><code>{escape(example)}</code></pre></article>"
        )

    def _parameters(self, described: Mapping[str, Any]) -> str:
        plain = [one for one in described["parameters"] if "schema" in one]
        rows = [self._row(one["name"], one["schema"], must=one.get("required", False)) for one in plain]
        found = [f"<h4>Parameters</h4>{_table(rows)}"] if rows else []
        for one in described["parameters"]:
            if "content" in one:
                shape = self._resolved(one["content"][JSON]["schema"])
                found.append(f"<h4>Payload, JSON in the query</h4>{self._about(shape)}{self._fields(shape)}")
        return "".join(found)

    def _body(self, described: Mapping[str, Any]) -> str:
        if "requestBody" not in described:
            return ""
        shape = self._resolved(described["requestBody"]["content"][JSON]["schema"])
        return f"<h4>Body</h4>{self._about(shape)}{self._fields(shape)}"

    def _about(self, shape: Mapping[str, Any]) -> str:
        return f"<p>{_text(shape.get('description', ''))}</p>"

    def _fields(self, schema: Mapping[str, Any], *, marks: bool = True) -> str:
        must = schema.get("required", ()) if marks else ()
        fields = schema.get("properties", {})
        return _table([row for name, value in fields.items() for row in self._rows(name, value, must=name in must)])

    def _rows(self, name: str, schema: Mapping[str, Any], *, must: bool) -> Iterator[str]:
        """Yield the row of a field, or those of the fields that are in it."""
        if (inner := _group(schema)) is None:
            yield self._row(name, schema, must=must)
            return
        for within, value in inner.items():
            yield from self._rows(f"{name}.{within}", value, must=False)

    def _row(self, name: str, schema: Mapping[str, Any], *, must: bool) -> str:
        mark = '<span class="must">required</span>' if must else ""
        about = schema.get("description")
        told = f'<span class="takes">{_text(about)}</span>' if about else ""
        shown = escape(name).replace(".", ".<wbr>")
        return f"<tr><td><code>{shown}</code>{mark}</td><td>{self._type(schema)}{told}</td></tr>"

    def _type(self, schema: Mapping[str, Any]) -> str:
        """Return what a value may be, in words."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(PREFIX)
            self._linked.setdefault(name)
            return f'<a href="#shape-{name}">{name}</a>'
        if "enum" in schema:
            return " or ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(map(self._type, _alternatives(schema))))
        limits = [text.format(escape(str(schema[key]))) for key, text in _LIMITS.items() if key in schema]
        return self._plain(schema) + (f" ({', '.join(limits)})" if limits else "")

    def _inner(self, schema: Mapping[str, Any]) -> str:
        """Return what each value in a list or map may be; in parentheses where an `or` would seem to be the whole's."""
        said = self._type(schema)
        return f"({said})" if len(schema.get("anyOf", schema.get("enum", ()))) > 1 else said

    def _plain(self, schema: Mapping[str, Any]) -> str:
        match schema.get("type"):
            case "array":
                return f"list of {self._inner(schema.get('items', {}))}"
            case "object":
                inner = schema.get("additionalProperties")
                return f"map of {self._inner(inner)}" if isinstance(inner, dict) and inner else "object"
            case None:
                return "anything"
            case kind:
                return escape(str(kind))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._components[schema["$ref"].removeprefix(PREFIX)] if "$ref" in schema else schema


def _alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what a value may be one of, those within alternatives among them."""
    for one in schema["anyOf"]:
        yield from _alternatives(one) if "anyOf" in one else (one,)


def _group(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the fields of an object that is described where it stands, and not as a shape of its own."""
    return next((one["properties"] for one in schema.get("anyOf", (schema,)) if "properties" in one), None)


def _table(rows: Sequence[str]) -> str:
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _anchor(tag: str) -> str:
    return "tag-" + tag.replace(" ", "-")


def _text(markdown: str) -> str:
    """Return a paragraph with what is strong and what is code."""
    return _CODE.sub(r"<code>\1</code>", _STRONG.sub(r"<strong>\1</strong>", escape(markdown, quote=False)))
