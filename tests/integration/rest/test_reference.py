"""The reference page: whole, without anything from elsewhere, and with examples that work."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final, NamedTuple

import httpx
import pytest
import schemathesis

from rolecall.domain.settings import SETTINGS
from rolecall.transports.rest import samples
from rolecall.transports.rest.errors import CODES
from rolecall.transports.rest.openapi import document
from rolecall.transports.rest.operation import Operation
from rolecall.transports.rest.operations import OPERATIONS
from rolecall.transports.rest.schemas import PREFIX
from tests.doors import make_app, running
from tests.furniture import Furnished

DOCUMENT: Final = document(OPERATIONS, "test")
DESCRIBED: Final = schemathesis.openapi.from_dict(DOCUMENT)
PLACES: Final = [(operation, path) for operation in OPERATIONS for path in operation.paths]
REFUSED: Final = {
    "GetTask": "task `standup` does not exist",
}
"""Operations whose example is refused as things are, and how."""

OF_USERS: Final = "# TOKEN is a user's token\n"
_VOID: Final = {"meta", "link", "br", "img", "hr", "input", "wbr"}


class Page(HTMLParser):
    """What a page holds: ids, links, elements, the text of each article and of each example."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.articles: dict[str, str] = {}
        self.examples: dict[str, str] = {}
        self._open: list[str] = []
        self._article = ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        found = dict(attrs)
        self.ids += filter(None, [found.get("id")])
        self.links += filter(None, [found.get("href")])
        if tag == "article":
            self._article = found["id"] or ""
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "article":
            self._article = ""

    def handle_data(self, data: str) -> None:
        if self._article:
            self.articles[self._article] = self.articles.get(self._article, "") + data + "\n"
        if "pre" in self._open:
            self.examples[self._article] = self.examples.get(self._article, "") + data


class World(NamedTuple):
    """A server with an app that has things, and the page it gives out."""

    app: Furnished
    answer: httpx.Response
    page: Page


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    db = tmp_path_factory.mktemp("reference") / "rolecall.db"
    app = make_app(db)
    with running(db) as started:
        furnished = Furnished(started, app)
        answer = furnished.http.get("/docs")
        yield World(furnished, answer, Page(answer.text))
        furnished.http.close()


def test_it_is_html_for_anyone(world: World) -> None:
    assert world.answer.status_code == 200
    assert world.answer.headers["content-type"] == "text/html; charset=utf-8"
    assert world.answer.headers["content-encoding"] == "gzip"


def test_it_needs_nothing_but_itself(world: World) -> None:
    assert not world.page.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert not {name for name in world.page.attributes if name == "style" or name.startswith("on")}
    assert {link for link in world.page.links if not link.startswith("#")} == {"openapi.json"}
    assert "url(" not in world.answer.text
    assert "@import" not in world.answer.text


def test_its_policy_allows_its_own_style_alone(world: World) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", world.answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = world.answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy


def test_every_link_leads_somewhere_and_every_place_is_one(world: World) -> None:
    assert len(world.page.ids) == len(set(world.page.ids))
    assert {link.removeprefix("#") for link in world.page.links if link.startswith("#")} <= set(world.page.ids)


def test_every_operation_is_there_with_its_paths_and_fields(world: World) -> None:
    for operation in OPERATIONS:
        lines = world.page.articles[operation.id].split("\n")
        assert f"#{operation.id}" in world.page.links
        for path in operation.paths:
            assert path in lines
        for shape in (operation.body, operation.payload, operation.response):
            assert shape is None or set(shape.__struct_fields__) <= set(lines), operation.id
        for action in operation.needs or ():
            assert action in lines, operation.id


def test_every_code_of_an_error_is_explained(world: World) -> None:
    for code in CODES:
        row = rf"<td>{code.status} [\w ]+, code <code>{code.code}</code></td><td>\w.+?</td>"
        assert re.search(row, world.answer.text), code


def test_a_tag_that_is_no_html_would_show_as_it_is() -> None:
    with pytest.raises(AssertionError):
        Page("<p><b></p>")


@pytest.mark.parametrize(("operation", "path"), PLACES, ids=lambda one: one if isinstance(one, str) else one.method)
def test_samples_are_answered_as_described(world: World, operation: Operation, path: str) -> None:
    world.app.furnish()
    if operation.id.startswith("Create"):
        curl(world.page.examples[operation.id.replace("Create", "Delete")], world.app)
    answer = curl(sample(operation, path), world.app)
    DESCRIBED[path][operation.method].validate_response(answer)
    if answer.status_code != operation.status:
        assert operation.id in REFUSED, answer.text
        assert answer.json()["message"].startswith(f'{operation.id} failed with error: "{REFUSED[operation.id]}')


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.id)
def test_examples_are_samples_on_the_first_surface(world: World, operation: Operation) -> None:
    at = world.app.server.http
    assert world.page.examples[operation.id] == sample(operation, operation.paths[0]).replace(samples.BASE, at)


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("calls.example.com", "http://calls.example.com"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("$(id)", samples.BASE),
        ('<b>"', samples.BASE),
    ],
)
def test_examples_are_for_the_server_that_was_asked(world: World, host: str, base: str) -> None:
    page = Page(world.app.http.get("/docs", headers={"host": host}).text)
    assert all(f'"{base}/' in example for example in page.examples.values())


def test_the_example_of_what_only_users_do_says_so(world: World) -> None:
    told = {name for name, example in world.page.examples.items() if example.startswith(OF_USERS)}
    assert told == {"RequestPermission"}


def test_an_operation_is_headed_by_its_name_and_then_what_it_does(world: World) -> None:
    for operation in OPERATIONS:
        lines = world.page.articles[operation.id].split("\n")
        assert lines[:2] == [operation.id, operation.summary]


def test_what_a_value_may_be_is_said_once(world: World) -> None:
    assert not re.search(r"\bnull or null\b", world.answer.text)


@pytest.mark.parametrize("shape", ["shape-CallSettings", "shape-CallSettings_request"])
def test_every_call_setting_is_there_with_what_it_takes(world: World, shape: str) -> None:
    text = world.page.articles[shape].replace(".\n", ".")
    for path, leaf in SETTINGS.items():
        assert f"{path}\n" in text
        assert leaf.kind == "bool" or leaf.takes.replace("`", "") in text.replace("\n", "").replace("`", ""), path


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.needs is None], ids=lambda one: one.id)
def test_what_is_said_to_be_for_servers_only_is(world: World, operation: Operation) -> None:
    answer = curl(world.page.examples[operation.id], world.app, "ann")
    assert (answer.status_code, answer.json()["code"]) == (403, 17), answer.text
    assert "For server tokens only." in world.page.articles[operation.id]


def sample(operation: Operation, path: str) -> str:
    """Return the command that samples an operation on one of its paths."""
    schemas = DOCUMENT["components"]["schemas"]
    described = DOCUMENT["paths"][path][operation.method.lower()]
    return samples.curl(
        operation.method,
        path,
        described,
        lambda schema: schemas[schema["$ref"].removeprefix(PREFIX)] if "$ref" in schema else schema,
    )


def curl(command: str, app: Furnished, user_id: str | None = None) -> httpx.Response:
    """Do what a curl command does, its variables filled in as a shell would."""
    if command.startswith(OF_USERS):
        user_id = user_id or "ann"
    for variable, value in (
        (samples.BASE, app.server.http),
        ("$KEY", app.app.key),
        ("$TOKEN", app.app.token(user_id)),
    ):
        command = command.replace(variable, value)
    words = shlex.split(command.replace("\\\n", ""), comments=True)
    assert words.pop(0) == "curl"
    method, url, headers, query, content = "", "", {}, {}, None
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-H":
                header, _, value = words.pop(0).partition(": ")
                headers[header] = value
            case "-d":
                content = words.pop(0)
            case "-G":
                method = "GET"
            case "--data-urlencode":
                parameter, _, value = words.pop(0).partition("=")
                query[parameter] = value
            case word:
                assert not url
                url = word
    return httpx.request(
        method or "GET", httpx.URL(url).copy_merge_params(query), headers=headers, content=content, timeout=20
    )
