"""Tables, escapes, colours, times and trees."""

from __future__ import annotations

import sys

import pytest

from rolecall.cli.output import columns, nested, paint, printable, rfc3339, table


def test_columns_are_aligned_and_end_without_spaces() -> None:
    assert columns([("a", "bb", ""), ("ccc", "d", "e")]) == ["a    bb", "ccc  d   e"]


def test_a_table_has_headings_and_may_be_empty() -> None:
    assert table(("name", "kind"), [("x", "y")]) == ["NAME  KIND", "x     y"]
    assert table(("name", "kind"), []) == ["NAME  KIND"]


def test_the_last_column_wraps_under_itself() -> None:
    lines = columns([("role", "one two three four five six seven eight nine ten"), ("x", "")], 40)
    assert lines == ["role  one two three four five six seven", "      eight nine ten", "x"]


def test_cells_can_neither_break_lines_nor_steer_the_terminal() -> None:
    assert columns([("a\nb", "\x1b[31mred\x9b"), ("ü", "日本")]) == [r"a\nb  \x1b[31mred\x9b", "ü     日本"]
    assert printable("plain `text`") == "plain `text`"


@pytest.mark.parametrize(
    ("terminal", "environ", "coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_only_on_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environ: dict[str, str], coloured: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert paint("yes", "green") == ("\x1b[32myes\x1b[0m" if coloured else "yes")


def test_times() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00Z"
    assert rfc3339(1_795_291_708) == "2026-11-21T20:08:28Z"


def test_dotted_paths_become_a_tree() -> None:
    assert nested({"a.b.c": 1, "a.d": (), "e": "x"}) == {"a": {"b": {"c": 1}, "d": ()}, "e": "x"}
