"""Finds the reasons of errors in the source, wherever an error is made. How they are shown is decided elsewhere."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import rolecall
from rolecall.domain import errors
from rolecall.domain.errors import RolecallError, Unauthenticated
from rolecall.transports.codes import unforeseen

SOURCE: Final = Path(rolecall.__file__).parent
FILLED_IN: Final = "{…}"
_KINDS: Final[dict[str, type[RolecallError]]] = {
    name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, RolecallError)
}


class Raised(NamedTuple):
    """One reason in one place: the kind of error it comes with, its text, and the module that raises it."""

    reason: str
    kind: type[RolecallError]
    text: str
    module: str


def kinds() -> Iterator[Raised]:
    """Yield the reason that each kind has when the one who raises names no other."""
    for kind in _KINDS.values():
        if kind is not RolecallError:
            yield Raised(kind.reason, kind, summary(kind), "domain/errors.py")


def incident() -> Raised:
    """Return the reason of what was not foreseen."""
    failure = unforeseen(FILLED_IN)
    return Raised(failure.reason, RolecallError, failure.message, "transports/codes.py")


def named() -> Iterator[Raised]:
    """Yield the reasons that are named where an error is made, in the order of the files."""
    for path in sorted(SOURCE.rglob("*.py")):
        module = path.relative_to(SOURCE).as_posix()
        if not module.startswith("api/"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for reason, kind, text in _in(tree):
                yield Raised(reason, kind, text, module)


def summary(kind: type) -> str:
    """Return the first line of a docstring, without its stop and what follows a semicolon about fields."""
    return (inspect.getdoc(kind) or "").splitlines()[0].split("; `code_reason`")[0].removesuffix(".")


def _in(tree: ast.Module) -> Iterator[tuple[str, type[RolecallError], str]]:
    """Read `Kind(text, reason=…)`, `_refuse(reason, text)`, and rows `(Kind, reason, TEXT)` of a table."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("_refuse"), args=[reason, text]):
                yield from ((name, Unauthenticated, _spelled(text)) for name in _reasons(tree, reason))
            case ast.Call(func=ast.Name(name), args=[text, *_], keywords=keywords) if name in _KINDS:
                for keyword in keywords:
                    if keyword.arg == "reason":
                        yield from ((reason, _KINDS[name], _spelled(text)) for reason in _reasons(tree, keyword.value))
            case ast.Tuple(elts=[ast.Name(name), ast.Constant(str(reason)), ast.Name(text)]) if name in _KINDS:
                yield reason, _KINDS[name], _constant(tree, text)


def _reasons(tree: ast.Module, node: ast.expr) -> list[str]:
    """Return what an expression for a reason can be."""
    match node:
        case ast.Constant(str(reason)):
            return [reason]
        case ast.IfExp(body=yes, orelse=no):
            return [*_reasons(tree, yes), *_reasons(tree, no)]
        case ast.Name(name):  # a variable; of a parameter the reasons are named where it comes from
            return [reason for value in _assigned(tree, name) for reason in _reasons(tree, value)]
        case ast.JoinedStr() if _spelled(node) == f"{FILLED_IN}_TYPE_NOT_FOUND":
            return ["CALL_TYPE_NOT_FOUND", "CHANNEL_TYPE_NOT_FOUND"]
        case ast.Attribute(attr="code_reason"):  # an error told on in other words: its reason is named where it is made
            return []
    raise ValueError(f"line {node.lineno}: teach docs/_generate/reasons.py to read `{ast.unparse(node)}`")


def _assigned(tree: ast.Module, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(target)], value=value) if target == name:
                yield value


def _constant(tree: ast.Module, name: str) -> str:
    """Return the text of a module's constant, with what `format` fills in spelled alike."""
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(target), value=ast.Constant(str(text))) if target == name:
                return text.replace("{path}", FILLED_IN).replace("{error}", FILLED_IN)
    return FILLED_IN


def _spelled(node: ast.expr) -> str:
    """Return a text as it is written, with `{…}` for what is filled in."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(values):
            return "".join(_spelled(part) for part in values)
    return FILLED_IN
