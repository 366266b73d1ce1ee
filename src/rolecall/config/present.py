"""The table as others see it: flags of a command, rows of `rolecall config`, rows of the reference page."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from rolecall.config.resolve import Origin, Resolved
from rolecall.config.settings import ROWS, Row, Section, Settings


class InForce(NamedTuple):
    """One row of `rolecall config`; a secret's value is masked."""

    name: str
    value: str
    origin: Origin


class Reference(NamedTuple):
    """One row of the reference page; `flag` is empty where there is none."""

    section: Section
    name: str
    takes: str
    default: str
    flag: str
    variable: str
    about: str


def add_flags(parser: argparse.ArgumentParser, names: Collection[str]) -> None:
    """Add the flags of these settings under the table's headings; a flag that is not given is None.

    A secret has no flag; the heading says which variable takes it.
    """
    rows = [row for row in ROWS if row.name in names]
    for section in dict.fromkeys(row.section for row in rows):
        mine = [row for row in rows if row.section is section]
        group = parser.add_argument_group(section.value, _secrets(mine))
        for row in mine:
            if row.flag is not None:
                group.add_argument(row.flag, dest=row.name, default=None, help=_help(row), **_form(row))


def _form(row: Row) -> dict[str, Any]:
    if row.kind.shape == "switch":
        return {"action": argparse.BooleanOptionalAction}
    return {"metavar": row.kind.metavar, "action": "append" if row.kind.shape == "many" else "store"}


def _help(row: Row) -> str:
    about = row.about if row.default is None else f"{row.about} (default: {row.shown(row.default)})"
    return about.replace("%", "%%")


def _secrets(rows: Collection[Row]) -> str | None:
    told = [f"the {row.name} is taken from {row.variable}" for row in rows if row.flag is None]
    return "; ".join(told) or None


def render(resolved: Resolved) -> tuple[InForce, ...]:
    """Return what is in force and where each value came from, for the settings that were asked for."""
    return tuple(
        InForce(row.name, row.shown(getattr(resolved.settings, row.name)), resolved.origins[row.name])
        for row in ROWS
        if row.name in resolved.origins
    )


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment variables of a server's settings, from which another process reads the same."""
    values = {row: getattr(settings, row.name) for row in ROWS if row.group == "server"}
    return {row.variable: row.kind.show(value) for row, value in values.items() if value is not None or row.default}


def reference() -> Iterator[Reference]:
    """Yield every setting in the table's order, for the generated page."""
    for row in ROWS:
        yield Reference(
            row.section, row.name, row.kind.takes, row.shown(row.default), row.flag or "", row.variable, row.about
        )
