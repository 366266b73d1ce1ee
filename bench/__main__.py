"""Options, the order of things, and where the results go."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from bench import (
    chat,
    conditions,
    decide,
    entries,
    envoy,
    http_api,
    memory,
    migration,
    reload,
    rpc,
    scale,
    start,
    watch,
    writes,
)
from bench.figures import Figure, Group, Report, as_text, marks, write_into
from bench.lab import FULL, QUICK, Lab
from bench.machine import cores, describe, warn_when_busy
from bench.plot import write_plot

_ROOT: Final = Path(__file__).resolve().parent.parent
_RESULTS: Final = _ROOT / "bench"
_PAGE: Final = _ROOT / "docs" / "performance.md"
_PLOT: Final = _ROOT / "docs" / "performance.svg"

Measurements = Mapping[str, tuple[str, Callable[[Lab], list[Figure]]]]


class Kind(NamedTuple):
    """A benchmark: its command, what it measures, and the name of its results and of its place in the docs page."""

    command: str
    measurements: Measurements
    results: str

    @property
    def file(self) -> Path:
        """Where its last whole run is kept."""
        return _RESULTS / f"{self.results}.json"


OURS: Final = Kind(
    "python -m bench",
    {
        "decide": ("A decision in process", decide.measure),
        "chat": ("A decision on a channel in process", chat.measure),
        "conditions": ("Permissions with conditions in process", conditions.measure),
        "rpc": ("A check over gRPC", rpc.measure),
        "batch": ("A batch over gRPC", rpc.batch),
        "envoy": ("The Envoy front", envoy.measure),
        "watch": ("Watches", watch.measure),
        "scale": ("Slowest answers by how much is stored", scale.measure),
        "reload": ("Loading everything again", reload.measure),
        "http": ("The HTTP API", http_api.measure),
        "memory": ("Memory", memory.measure),
        "entries": ("Memory of one cached fact", entries.measure),
        "start": ("Start", start.measure),
        "writes": ("Writes", writes.measure),
        "migration": ("Migrating to version v2", migration.measure),
    },
    "results",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is ours."""
    return run(OURS, arguments)


def run(kind: Kind, arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write what was asked for."""
    parser = _parser(kind)
    options = parser.parse_args(arguments)
    if options.write and (options.quick or options.only):
        parser.error("`--write` is for whole runs: it goes neither with `--quick` nor with `--only`")
    warn_when_busy()
    report = _measured(kind.measurements, options.only or list(kind.measurements), quick=options.quick)
    if options.json:
        options.json.write_text(report.as_json(), encoding="utf-8")
    if options.write:
        kind.file.write_text(report.as_json(), encoding="utf-8")
        write_into(_PAGE, report.as_markdown(), marks(kind.results))
        write_plot(_PLOT, [OURS.file, OURS.file.with_name("peers.json")])
    return 0


def _parser(kind: Kind) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=kind.command, description="Measure Rolecall and compare with its targets.")
    parser.add_argument(
        "--quick", action="store_true", help="a small run, to see that it works; its figures say nothing"
    )
    parser.add_argument("--only", action="append", choices=kind.measurements, help="measure this alone; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument(
        "--write",
        action="store_true",
        help=f"write bench/{kind.results}.json, and the tables and the plot of docs/performance.md",
    )
    return parser


def _measured(measurements: Measurements, names: Sequence[str], *, quick: bool) -> Report:
    started = time.perf_counter()
    machine = describe()
    for name, value in machine.items():
        print(f"{name}: {value}")
    groups = []
    with TemporaryDirectory(prefix="rolecall-bench-") as folder:
        lab = Lab(Path(folder), QUICK if quick else FULL, cores())
        for name in names:
            title, measure = measurements[name]
            print(f"\n{title}", flush=True)
            figures = tuple(measure(lab))
            print(as_text(figures), flush=True)
            if figures:  # what can't be measured here said so
                groups.append(Group(title, figures))
    seconds = time.perf_counter() - started
    print(f"\n{seconds:.0f} s; {_summary(groups, quick=quick)}")
    return Report(machine, lab.scale.name, seconds, tuple(groups))


def _summary(groups: Sequence[Group], *, quick: bool) -> str:
    if quick:
        return "a quick run: the figures say nothing"
    short = [figure.name for group in groups for figure in group.figures if figure.verdict == "short"]
    return f"{len(short)} short of the target: {'; '.join(short)}" if short else "every target is met"


if __name__ == "__main__":
    raise SystemExit(main())
