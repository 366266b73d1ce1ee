"""The plot of the docs page: bars of the last whole runs, as SVG that suits a light and a dark page.

Each bar is a median with a whisker from the least to the most of its rounds; a panel has its own scale.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.figures import number

_WIDTH: Final = 860
_LEFT: Final = 250
_RIGHT: Final = 130
_BAR: Final = 20
_STEP: Final = 30
_HEAD: Final = 44
_MARGIN: Final = 20

_STYLE: Final = """
  .page { fill: #ffffff; stroke: #d8dee4 }
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 14px }
  .unit, .foot { fill: #59636e; font-size: 12px }
  .ours { fill: #2563eb } .other { fill: #9aa4af }
  .span { stroke: #24292f; stroke-width: 1.2; fill: none }
  .axis { stroke: #d8dee4 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d }
    text { fill: #e6edf3 } .unit, .foot { fill: #9198a1 }
    .ours { fill: #4f8ff7 } .other { fill: #6e7681 }
    .span { stroke: #e6edf3 } .axis { stroke: #30363d }
  }
"""

OURS: Final = "ours"
OTHER: Final = "other"


class Bar(NamedTuple):
    """One bar: its label, where its figure stands (group and name), and whose it is."""

    label: str
    group: str
    figure: str
    kind: str = OURS


class Panel(NamedTuple):
    """Bars of one unit."""

    title: str
    unit: str
    bars: Sequence[Bar]


class Drawn(NamedTuple):
    """A bar whose figure is there."""

    bar: Bar
    value: float
    low: float
    high: float


_ENVOY, _CERBOS, _INSIDE = "The Envoy front", "Cerbos over gRPC", "Engines in process"
PANELS: Final = (
    Panel(
        "One check over gRPC",
        "calls per second on one core, more is better",
        (
            Bar("Rolecall, Envoy front", _CERBOS, "Rolecall: one check"),
            Bar("Rolecall, grpc front", _CERBOS, "Rolecall at the grpc front: one check"),
            Bar("Cerbos", _CERBOS, "Cerbos: one check", OTHER),
        ),
    ),
    Panel(
        "Processor time of one check",
        "µs of the server, less is better",
        (
            Bar("Rolecall, Envoy front", _CERBOS, "Rolecall: one check, processor time"),
            Bar("Rolecall, grpc front", _CERBOS, "Rolecall at the grpc front: one check, processor time"),
            Bar("Cerbos", _CERBOS, "Cerbos: one check, processor time", OTHER),
        ),
    ),
    Panel(
        "All that a user may do on a call",
        "calls per second, more is better",
        (
            Bar("Rolecall, all 36", _CERBOS, "ListCapabilities of all 36"),
            Bar("Cerbos, 25 actions", _CERBOS, "Cerbos: 25 actions on a call", OTHER),
            Bar("Cerbos, 36 actions", _CERBOS, "Cerbos: 36 actions on a call", OTHER),
        ),
    ),
    Panel(
        "Many checks at once",
        "decisions per second, more is better",
        (
            Bar("Rolecall, stream", _ENVOY, "StreamCheckCapabilities"),
            Bar("Rolecall, batch of 50 calls", _CERBOS, "Rolecall: a batch of 50 calls"),
            Bar("Cerbos, batch of 50 calls", _CERBOS, "Cerbos: a batch of 50 calls", OTHER),
        ),
    ),
    Panel(
        "One check in process",
        "µs, less is better",
        (
            Bar("Rolecall, LocalDecider", _INSIDE, "LocalDecider"),
            Bar("pycasbin", _INSIDE, "pycasbin", OTHER),
            Bar("cedarpy", _INSIDE, "cedarpy", OTHER),
        ),
    ),
)


def write_plot(path: Path, files: Sequence[Path]) -> None:
    """Draw what these runs measured; what none of them did is left out."""
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]
    path.write_text(drawn(runs), encoding="utf-8")


def drawn(runs: Sequence[dict[str, Any]]) -> str:
    """Return the SVG of some runs."""
    figures = {
        (group, figure["name"]): figure for run in runs for group, many in run["groups"].items() for figure in many
    }
    panels = [(panel, bars) for panel in PANELS if (bars := list(_found(panel, figures)))]
    lines: list[str] = []
    top = _MARGIN
    for panel, bars in panels:
        lines += _panel(panel, bars, top)
        top += _HEAD + _STEP * len(bars) + _MARGIN
    machines = dict.fromkeys(f"{run['machine']['CPU']}, {run['machine']['measured']}" for run in runs)
    lines.append(_text(_MARGIN, top + 4, "; ".join(machines), "foot"))
    height = top + _MARGIN
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    label = 'role="img" aria-label="Rolecall and other engines on the same question"'
    page = f'<rect class="page" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="8"/>'
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {label}>', f"<style>{_STYLE}</style>", page]
    return "\n".join([*head, *lines, "</svg>\n"])


def _found(panel: Panel, figures: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Drawn]:
    for bar in panel.bars:
        figure = figures.get((bar.group, bar.figure))
        if figure is not None:
            low, high = figure.get("span") or (figure["value"], figure["value"])
            yield Drawn(bar, figure["value"], low, high)


def _panel(panel: Panel, bars: Sequence[Drawn], top: int) -> Iterator[str]:
    yield _text(_MARGIN, top + 14, panel.title, "title")
    yield _text(_WIDTH - _MARGIN, top + 14, panel.unit, "unit", "end")
    first = top + _HEAD - 16
    scale = (_WIDTH - _LEFT - _RIGHT) / max(one.high for one in bars)
    yield f'<path class="axis" d="M{_LEFT} {first - 4}V{first + _STEP * len(bars) - 6}"/>'
    for place, one in enumerate(bars):
        y = first + place * _STEP
        middle = y + _BAR / 2
        yield _text(_LEFT - 10, middle + 4.5, one.bar.label, "label", "end")
        width = max(one.value * scale, 1)
        yield f'<rect class="{one.bar.kind}" x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2"/>'
        low, high = _LEFT + one.low * scale, _LEFT + one.high * scale
        if high - low > 2:
            ends = f"M{low:.1f} {middle - 4}V{middle + 4}M{high:.1f} {middle - 4}V{middle + 4}"
            yield f'<path class="span" d="M{low:.1f} {middle}H{high:.1f}{ends}"/>'
        yield _text(max(_LEFT + width, high) + 8, middle + 4.5, number(one.value), "value")


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
