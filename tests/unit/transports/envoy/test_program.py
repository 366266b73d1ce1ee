"""What Envoy is started with, and what is said when it can't be."""

from __future__ import annotations

import sys
from pathlib import Path

import find_libpython
import pytest

from rolecall.transports.envoy import program


def test_everything_is_found_where_it_is_installed() -> None:
    for path in program.find():
        assert Path(path).is_file()


def test_a_python_without_its_library_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_libpython, "candidate_paths", lambda: iter(["/nowhere/libpython3.so", sys.executable]))
    with pytest.raises(program.Missing, match="Python as a shared library") as caught:
        program.find()
    assert sys.executable in str(caught.value)


def test_python_comes_up_in_envoy_as_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", "/one", "two"])
    monkeypatch.setenv("LD_PRELOAD", "/other.so")
    monkeypatch.setattr(program, "_PRELOAD", "LD_PRELOAD")
    told = program.Program("/envoy", "/pyvoy.so", "/libpython.so").environment()
    assert told["PYTHONPATH"] == f"/one:{Path.cwd()}/two"  # never the folder it is started in
    assert told["PYTHONHOME"] == f"{sys.base_prefix}:{sys.base_exec_prefix}"
    assert told["LD_PRELOAD"] == "/libpython.so:/other.so"


def test_its_log_is_lines_of_json_where_ours_is() -> None:
    found = program.Program("/envoy", "/pyvoy.so", "/libpython.so")
    assert "--log-format" in found.command("/c.json", json_lines=True)
    assert "--log-format" not in found.command("/c.json", json_lines=False)
