"""The plot shows what the runs have, and nothing of what they lack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from bench.plot import drawn, write_plot

MACHINE = {"CPU": "one <fast> core", "measured": "2026-01-02"}


def _run(**figures: tuple[float, list[float] | None]) -> dict[str, Any]:
    many = [{"name": name.replace("_", " "), "value": value, "span": span} for name, (value, span) in figures.items()]
    return {"machine": MACHINE, "groups": {"Engines in process": many}}


def _widths(svg: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect class="(?:ours|other)"[^>]* width="([\d.]+)"', svg)]


def test_bars_are_as_long_as_their_figures_on_the_panels_own_scale() -> None:
    svg = drawn([_run(LocalDecider=(25.0, None), pycasbin=(100.0, [80.0, 200.0]))])

    ours, other = _widths(svg)
    assert other == 4 * ours
    assert "Rolecall, LocalDecider" in svg
    assert "cedarpy" not in svg
    assert "One check over gRPC" not in svg


def test_a_whisker_reaches_from_the_least_round_to_the_most() -> None:
    with_span, without = (drawn([_run(pycasbin=(100.0, span))]) for span in ([50.0, 200.0], None))

    (path,) = re.findall(r'<path class="span" d="M([\d.]+) [\d.]+H([\d.]+)', with_span)
    low, high = (float(end) - 250 for end in path)
    assert high == 4 * low
    assert 'class="span"' not in without


def test_it_is_well_formed_and_suits_a_dark_page_too() -> None:
    svg = drawn([_run(pycasbin=(100.0, None))])

    texts = [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]  # noqa: S314
    assert "one <fast> core, 2026-01-02" in texts
    assert "prefers-color-scheme: dark" in svg


def test_runs_that_were_never_made_are_left_out(tmp_path: Path) -> None:
    run = tmp_path / "run.json"
    run.write_text(json.dumps(_run(cedarpy=(1.0, None))), encoding="utf-8")

    write_plot(tmp_path / "plot.svg", [run, tmp_path / "never.json"])

    assert "cedarpy" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
