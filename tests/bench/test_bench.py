"""The benchmark runs and says what it should; how fast anything is, is no matter here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import bench.__main__
from bench.__main__ import Kind, Measurements, main, run
from bench.asker import Waits, Window
from bench.figures import Figure, Group, Report, marks, write_into
from bench.fronts import HAS_ENVOY
from bench.load import H2LOAD

NEEDS_ENVOY = pytest.mark.skipif(not HAS_ENVOY, reason="the Envoy front needs the extra `rolecall[envoy]`")
PLACE = marks("results")


@pytest.mark.parametrize(
    ("group", "targets"),
    [
        ("decide", 5),
        ("chat", 1),
        ("conditions", 4),
        ("migration", 2),
        ("http", 0),
        pytest.param("envoy", 1 + (H2LOAD is not None), marks=NEEDS_ENVOY),
        ("watch", 8),
        ("scale", 2),
        ("reload", 1),
    ],
)
def test_a_quick_run_reports_every_figure_of_a_group(
    group: str, targets: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.json"

    assert main(["--quick", "--only", group, "--json", str(file)]) == 0

    report = json.loads(file.read_text(encoding="utf-8"))
    assert report["scale"] == "quick"
    assert {"CPU", "Python", "versions"} <= report["machine"].keys()
    (figures,) = report["groups"].values()
    assert sum(figure["limit"] is not None for figure in figures) == targets
    assert all(figure["value"] > 0 for figure in figures)
    assert all((figure["verdict"] != "") == (figure["limit"] is not None) for figure in figures)
    printed = capsys.readouterr().out
    assert all(figure["name"] in printed for figure in figures)


def test_a_wait_counts_in_every_window_it_reaches_into() -> None:
    waits = Waits(started=[0.0, 1.0, 2.0, 4.0], took=[0.25, 0.5, 1.5, 0.125])

    assert waits.during(Window(0.0, 1.0)) == [250.0, 500.0]
    assert waits.during(Window(3.0, 3.25)) == [1_500.0]
    assert waits.during(Window(3.75, 3.875)) == []


def test_a_delay_is_the_longest_wait_less_what_is_usual_before() -> None:
    waits = Waits(started=[0.0, 1.0, 2.0, 3.0, 4.0], took=[0.125, 0.125, 0.75, 0.25, 0.5])

    assert waits.delay(before=Window(0.0, 2.0), during=Window(3.0, 4.0)) == 375.0


@pytest.mark.parametrize(
    ("value", "limit", "at_least", "verdict"),
    [
        (2.0, 2.0, False, "ok"),
        (2.1, 2.0, False, "short"),
        (0.85, 0.85, True, "ok"),
        (0.84, 0.85, True, "short"),
        (1.0, None, False, ""),
    ],
)
def test_a_figure_is_ok_up_to_its_target_and_short_beyond(
    value: float, limit: float | None, at_least: bool, verdict: str
) -> None:
    assert Figure("x", value, "µs", limit, at_least).verdict == verdict


def test_the_tables_replace_what_stood_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{PLACE.begin}\nold\n{PLACE.end}\nafter\n", encoding="utf-8")
    report = Report({"CPU": "one"}, "full", 1.0, (Group("Speed", (Figure("a call", 1_234, "µs", 2_000),)),))

    write_into(page, report.as_markdown(), PLACE)

    head, _, rest = page.read_text(encoding="utf-8").partition(PLACE.begin)
    table, _, tail = rest.partition(PLACE.end)
    assert (head, tail) == ("before\n", "\nafter\n")
    assert "old" not in table
    assert "| a call | 1,234 µs | ≤ 2,000 µs | ok |  |" in table


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text\n", encoding="utf-8")

    with pytest.raises(ValueError, match="no place"):
        write_into(page, "table", PLACE)

    assert page.read_text(encoding="utf-8") == "text\n"


@pytest.mark.parametrize("partly", [["--quick"], ["--only", "decide"]])
def test_only_whole_runs_are_written_down(partly: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--write", *partly])
    assert ended.value.code == 2


def test_a_whole_run_writes_its_results_the_tables_and_the_plot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, plot = tmp_path / "page.md", tmp_path / "plot.svg"
    page.write_text(f"{PLACE.begin}\n{PLACE.end}\nafter\n{marks('peers').begin}\nkept\n{marks('peers').end}\n", "utf-8")
    for name, path in (("_PAGE", page), ("_PLOT", plot), ("_RESULTS", tmp_path)):
        monkeypatch.setattr(bench.__main__, name, path)
    measurements: Measurements = {
        "here": ("Engines in process", lambda _: [Figure("pycasbin", 100.0, "µs", span=(90.0, 110.0))]),
        "not-here": ("Cerbos over gRPC", lambda _: []),
    }

    assert run(Kind("bench", measurements, "results"), ["--write"]) == 0

    report = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert list(report["groups"]) == ["Engines in process"]
    assert report["groups"]["Engines in process"][0]["span"] == [90.0, 110.0]
    written = page.read_text(encoding="utf-8")
    assert "| pycasbin | 100 µs |" in written
    assert "kept" in written
    assert "pycasbin" in plot.read_text(encoding="utf-8")
