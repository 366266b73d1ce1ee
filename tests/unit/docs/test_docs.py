"""What the pages say is so: links lead somewhere, references are current, examples parse, names exist."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

import pytest
from google.protobuf import json_format
from google.rpc import code_pb2

from docs import generate
from docs._generate import reasons
from docs._generate.cli import arguments
from docs._generate.markdown import anchor
from rolecall import cli, client
from rolecall.cli import build_parser
from rolecall.cli.commands import COMMANDS, FAMILIES
from rolecall.config.resolve import CONFIG_VARIABLE, resolve
from rolecall.config.settings import ROWS
from rolecall.domain import app_rules, call_capabilities, call_rules, channel_capabilities, channel_rules, policies
from rolecall.domain.actions import ACTIONS, BIT
from rolecall.domain.decision import Reason, Rules
from rolecall.domain.permissions import BUILT_IN
from rolecall.observe.metrics import Metrics
from rolecall.service.index import IndexStatus
from rolecall.transports.methods import METHODS
from rolecall.transports.rest.operations import OPERATIONS

ROOT: Final = Path(__file__).parents[3]
PAGES: Final = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))
WRITTEN: Final = tuple(page for page in PAGES if page.parent.name != "reference")
"""The pages that people write; the others are made."""

CLIENT: Final = "from rolecall.client import"
"""In blocks that use the client, which are run as they are in tests/integration/client."""

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE: Final = re.compile(r"`([^`\n]+)`")
_ROLECALL: Final = re.compile(r"(?:^|[ (])rolecall ([^()<|;#]+)")


class Block(NamedTuple):
    """One fenced block, and where it stands."""

    where: str
    language: str
    text: str


class Line(NamedTuple):
    """One command line, and where it stands."""

    where: str
    text: str


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _prose(pages: Sequence[Path] = WRITTEN) -> str:
    """Return what stands outside of fenced blocks."""
    return "\n".join(_FENCE.sub("", _text(page)) for page in pages)


def _codes(pages: Sequence[Path] = WRITTEN) -> set[str]:
    return set(_CODE.findall(_prose(pages)))


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(language: str) -> list[Block]:
    found = []
    for page in PAGES:
        text = _text(page)
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(f"{_name(page)}:{line}", match[1], match[2]))
    return [block for block in found if block.language == language]


def _where(block: Block) -> str:
    return block.where


def _shell_lines() -> Iterator[Line]:
    """Yield the lines of shell blocks, continued ones joined, and the command lines among the prose."""
    for block in _blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith("#"):
                yield Line(block.where, line)
    for page in WRITTEN:
        for code in _codes([page]):
            if re.match(r"(rolecall|make) [a-z]", code):
                yield Line(_name(page), code)


def _command_lines() -> list[tuple[str, list[str]]]:
    """Return the words after `rolecall` of each line that has it, without what a shell would do itself."""
    return [
        (line.where, [word for word in shlex.split(command) if word != "…"])
        for line in _shell_lines()
        for command in _ROLECALL.findall(line.text)
    ]


def _grpcurl_calls() -> list[tuple[str, str]]:
    """Return the method and the request of each grpcurl line that calls one."""
    lines = [shlex.split(line.text) for line in _shell_lines()]
    return [(words[-1], words[words.index("-d") + 1]) for words in lines if words[0] == "grpcurl" and "-d" in words]


# --- pages -----------------------------------------------------------------------------------------------------------


def _links(page: Path) -> list[tuple[Path, str]]:
    """Return where each link into the repository leads: the file and the heading."""
    links = [link.partition("#") for link in _LINK.findall(_prose([page])) if not re.match(r"[a-z]+:", link)]
    return [((page.parent / path).resolve() if path else page, heading) for path, _, heading in links]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    links = _links(page)
    assert [str(path) for path, _ in links if not path.exists()] == []
    assert [heading for path, heading in links if heading and heading not in _anchors(path)] == []


def _anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in _HEADING.findall(_prose([page]))}


def test_every_page_is_linked_from_another() -> None:
    linked = {path for page in PAGES for path, _ in _links(page) if path != page}
    assert {_name(page) for page in PAGES if page not in linked} == {"README.md"}


def test_references_are_current() -> None:
    assert generate.differences() == []


def test_references_are_all_made() -> None:
    assert {path.name for path in (ROOT / "docs/reference").iterdir()} == set(generate.PAGES)


def test_a_page_that_is_not_current_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    build = generate.PAGES["errors.md"]
    monkeypatch.setattr(generate, "PAGES", {"errors.md": lambda: build() + "And more.\n"})
    monkeypatch.setattr("sys.argv", ["generate.py", "--check"])
    with pytest.raises(SystemExit, match=r"docs/reference/errors\.md\n(.|\n)*\+And more\."):
        generate.main()


# --- examples --------------------------------------------------------------------------------------------------------


def test_there_are_examples_of_each_kind() -> None:
    assert min(len(_blocks(language)) for language in ("python", "sh", "toml")) > 0
    assert len(_command_lines()) > len(COMMANDS)
    assert _grpcurl_calls()


@pytest.mark.parametrize("block", _blocks("python"), ids=_where)
def test_python_compiles_and_its_imports_exist(block: Block) -> None:
    tree = ast.parse(block.text, block.where)
    compile(tree, block.where, "exec")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not _holds(module, alias.name)] == []


def _holds(module: ModuleType, name: str) -> bool:
    return hasattr(module, name) or importlib.util.find_spec(f"{module.__name__}.{name}") is not None


@pytest.mark.parametrize("block", [block for block in _blocks("python") if CLIENT not in block.text], ids=_where)
def test_python_fills_messages_with_fields_they_have(block: Block) -> None:
    requests = {method.request.DESCRIPTOR.name: method.request.DESCRIPTOR for method in METHODS}
    calls = [node for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in requests]
    assert made
    for call in made:
        fields = requests[call.func.attr].fields_by_name if isinstance(call.func, ast.Attribute) else {}
        assert [keyword.arg for keyword in call.keywords if keyword.arg not in fields] == []


@pytest.mark.parametrize("block", _blocks("toml"), ids=_where)
def test_toml_files_are_configurations(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "rolecall.toml"
    file.write_text(block.text, encoding="utf-8")
    origins = resolve({}, {}, file).origins
    assert {name for name, origin in origins.items() if origin.source == "file"} == set(tomllib.loads(block.text))


def test_command_lines_parse(capsys: pytest.CaptureFixture[str]) -> None:
    names = {command.name for command in COMMANDS}.union(FAMILIES)
    wrong = []
    for where, words in _command_lines():
        if " ".join(words) in names or words[-1] == "--help":  # prose names commands without their arguments
            continue
        try:
            parsed = build_parser(lazy=True).parse_args(words)
        except SystemExit:
            wrong.append(f"{where}: rolecall {shlex.join(words)}: {capsys.readouterr().err}")
        else:
            _check_addresses(parsed)
    assert wrong == []


def _check_addresses(parsed: argparse.Namespace) -> None:
    """Read the addresses that a line names, as the command would; a wrong one raises."""
    given = {name: value for name, value in vars(parsed).items() if name in {"listen", "http", "address"}}
    elided = {name for name, value in given.items() if "…" in str(value)}
    resolve({name: value for name, value in given.items() if name not in elided}, {}, names=given.keys())


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", _text(ROOT / "Makefile"), re.MULTILINE))
    named = {word for line in _shell_lines() for word in re.findall(r"\bmake ([a-z]+)", line.text)}
    assert {"run", "test"} <= named <= targets


def test_grpcurl_lines_send_requests_that_the_methods_take() -> None:
    methods = {f"{method.service}/{method.name}": method for method in METHODS}
    for path, request in _grpcurl_calls():
        json_format.Parse(request, methods[path].request())


# --- names -----------------------------------------------------------------------------------------------------------


def test_rpcs_and_actions_exist() -> None:
    known = {method.name for method in METHODS} | {action.name for action in ACTIONS}
    known |= {method.service.rpartition(".")[2] for method in METHODS} | set(policies.RESOURCES)
    known |= {operation.id for operation in OPERATIONS} | {"WebSocket"} | set(client.__all__)
    named = set(re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", _prose()))
    assert "CheckCapability" in named
    assert named - known == set()


def test_capabilities_and_permissions_exist() -> None:
    known = {row.id for row in call_capabilities.CAPABILITIES} | {row.id for row in channel_capabilities.CAPABILITIES}
    known.update(BUILT_IN)
    headers = {"x-api-key", "x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    named = {code for code in _codes() if re.fullmatch(r"[a-z]+(-[a-z]+)+", code)} - headers
    assert "start-record-call" in named
    assert named - known == set()


def test_reasons_and_codes_exist() -> None:
    known = {*Reason, *(f"REASON_{reason}" for reason in Reason), *code_pb2.Code.keys(), "NOT_SERVING"}
    known |= {raised.reason for raised in (*reasons.kinds(), reasons.incident(), *reasons.named())}
    words = re.findall(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b", _prose())
    named = {word for word in words if not word.startswith("ROLECALL_")}
    assert {"NO_GRANT", "STORE_LOCKED"} <= named
    assert named - known == set()


def test_flags_exist() -> None:
    known = {flag for command in COMMANDS for row in arguments(command.flags).values() for flag in row.option_strings}
    known |= {"--help", "--version"}
    ours = [code for code in _codes(PAGES) if not code.startswith("make ") and "python -m bench" not in code]
    named = {flag for code in ours for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)}
    assert "--trust-unix-sockets" in named
    assert named - known == set()


def test_variables_exist() -> None:
    known = {CONFIG_VARIABLE, *(row.variable for row in ROWS)}
    for module in Path(str(cli.__file__)).parent.glob("*.py"):
        known |= set(re.findall(r'"(ROLECALL_[A-Z_]+)"', _text(module)))
    named = {word for page in PAGES for word in re.findall(r"\bROLECALL_[A-Z_]*[A-Z]\b", _text(page))}
    assert "ROLECALL_TOKEN" in named
    assert named - known == set()


def test_metrics_exist() -> None:
    status = IndexStatus(0, 0, 0, 0.0, 0, 0, 0)
    page, _ = Metrics(version="0", methods=[], decisions={}, index=lambda: status).render()
    known = set(re.findall(r"^# HELP (\w+)", page.decode(), re.MULTILINE))
    named = set(re.findall(r"\brolecall_[a-z_]+", _prose()))
    assert "rolecall_decisions_total" in named
    assert named - known == set()


def test_files_exist() -> None:
    roots = (ROOT, ROOT / "src/rolecall", ROOT / "protos/rolecall/api/v1")
    named = {code for code in _codes() if re.fullmatch(r"[\w./]+/[\w.]*|[\w./]+\.(py|proto|toml)", code)}
    named = {code for code in named if not code.startswith("/")}
    assert "domain/actions.py" in named
    assert {code for code in named if not any((root / code).exists() for root in roots)} == set()


@pytest.mark.parametrize(
    ("heading", "rules"),
    [("The rules of calls", call_rules.RULES), ("The rules of channels", channel_rules.RULES)],
)
def test_rules_stand_in_their_order(heading: str, rules: Rules) -> None:
    section = _text(ROOT / "docs/concepts.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| `([^`]+)` \|", section, re.MULTILINE)
    assert rows == [(str(place), rule.name) for place, rule in enumerate(rules, 1)]


def test_rules_of_version_v1_stand_in_their_order() -> None:
    section = _text(ROOT / "docs/concepts.md").partition("## Permission version v1\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| `([^`]+)` \|", section, re.MULTILINE)
    assert rows == [(str(place), rule.name) for place, rule in enumerate(channel_rules.RULES_V1, 1)][-2:]
    in_app = re.findall(r"`(user_policy_\w+)`", section)
    assert in_app == [rule.name for rule in app_rules.RULES_V1[2:4]]


def test_resources_of_version_v1_are_those_asked_for() -> None:
    section = _text(ROOT / "docs/concepts.md").partition("## Permission version v1\n")[2].partition("\n## ")[0]
    told = {
        action: tuple(action if name == "itself" else name for name in resources.split(" or "))
        for actions, resources in re.findall(r"^\| ([A-Z][\w, ]+) \| ([\w ]+) \|$", section, re.MULTILINE)
        for action in actions.split(", ")
    }
    assert told == {name: policies.asks_for(name) for name in BIT if policies.asks_for(name) != (name,)}


def test_rules_of_the_app_stand_in_their_order() -> None:
    sentence = re.search(r"In the \*\*app\*\*.*?\.\n", _text(ROOT / "docs/concepts.md"), re.DOTALL)
    assert sentence
    assert _CODE.findall(sentence[0].replace("\n", " "))[:4] == [rule.name for rule in app_rules.RULES]
