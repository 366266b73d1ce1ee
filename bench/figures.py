"""What a run reports: figures with their targets, as text, as JSON and as the table in the docs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Marks(NamedTuple):
    """The lines of the docs page between which the tables of one benchmark stand."""

    begin: str
    end: str


def marks(name: str) -> Marks:
    """Return the marks of a benchmark by the name of its results."""
    return Marks(f"<!-- bench:{name}:begin -->", f"<!-- bench:{name}:end -->")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number; `limit` is the target, a bound above unless `at_least`; without one it is told for information.

    `span` is the least and the most of the rounds, where there are any.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    note: str = ""
    span: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """`ok` or `short` of the target, empty without one."""
        if self.limit is None:
            return ""
        return "ok" if (self.value >= self.limit if self.at_least else self.value <= self.limit) else "short"

    @property
    def measured(self) -> str:
        """The value with its unit."""
        return f"{number(self.value)} {self.unit}".rstrip()

    @property
    def target(self) -> str:
        """The target with its unit, empty without one."""
        if self.limit is None:
            return ""
        return f"{'≥' if self.at_least else '≤'} {number(self.limit)} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one measurement."""

    name: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run; `scale` is `full` or `quick`, and only full figures mean anything."""

    machine: Mapping[str, str]
    scale: str
    seconds: float
    groups: tuple[Group, ...]

    def as_json(self) -> str:
        """Return the run for machines."""
        return json.dumps(self._plain(), indent=2, ensure_ascii=False) + "\n"

    def _plain(self) -> dict[str, Any]:
        return {
            "machine": dict(self.machine),
            "scale": self.scale,
            "seconds": round(self.seconds, 1),
            "groups": {group.name: [_plain(figure) for figure in group.figures] for group in self.groups},
        }

    def as_markdown(self) -> str:
        """Return the run as the tables of the docs page."""
        lines = [f"{name}: {value}  " for name, value in self.machine.items()]
        for group in self.groups:
            lines += ["", f"### {group.name}", "", "| | measured | target | | |", "| --- | ---: | ---: | --- | --- |"]
            lines += [
                f"| {figure.name} | {figure.measured} | {figure.target} | {figure.verdict} | {figure.note} |"
                for figure in group.figures
            ]
        return "\n".join(lines)


def _plain(figure: Figure) -> dict[str, Any]:
    span = figure.span and [_short(value) for value in figure.span]
    return {**asdict(figure), "value": _short(figure.value), "span": span, "verdict": figure.verdict}


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def number(value: float) -> str:
    """Return a number with as many digits as mean something."""
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if value >= 100 else f"{value:.3g}"


def as_text(figures: Iterable[Figure]) -> str:
    """Return aligned lines for a terminal."""
    lines = []
    for figure in figures:
        columns = f"  {figure.name:<62} {figure.measured:>16}  {figure.target:<18} {figure.verdict:<5}"
        lines.append(f"{columns}  {figure.note}".rstrip())
    return "\n".join(lines)


def write_into(page: Path, table: str, place: Marks) -> None:
    """Put the tables between two marks of a docs page; the rest of the page stays."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(place.begin)
    _, end, tail = rest.partition(place.end)
    if not begin or not end:
        raise ValueError(f"{page} has no place for the table: it needs the lines {place.begin} and {place.end}")
    page.write_text(f"{head}{begin}\n{table}\n{end}{tail}", encoding="utf-8")
