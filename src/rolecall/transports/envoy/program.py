"""Where Envoy, pyvoy and Python's library are, and what Envoy is started with. None of them is imported here.

The library of pyvoy is loaded by Envoy; it finds Python in a shared library that is loaded before it, and modules where
this process has them.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path
from typing import Final, NamedTuple

_LOG_LEVEL: Final = "error"
_JSON_LINES: Final = (
    '{"timestamp": "%Y-%m-%dT%T.%fZ", "level": "%l", "event": "envoy", "logger": "%n", "message": "%j"}'
)
_PRELOAD: Final = "DYLD_INSERT_LIBRARIES" if sys.platform == "darwin" else "LD_PRELOAD"


class Missing(Exception):
    """Something that Envoy needs is not there; the text says what, and what to do."""


class Program(NamedTuple):
    """Paths: the program Envoy, pyvoy's library, and Python's."""

    envoy: str
    pyvoy: str
    python: str

    def command(self, configuration: str, *, json_lines: bool) -> list[str]:
        """Return the command line of an Envoy with one thread, whose log goes to stderr."""
        log_format = ["--log-format", _JSON_LINES] if json_lines else []
        return [
            self.envoy,
            "--config-path",
            configuration,
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--drain-strategy",
            "immediate",
            "--log-level",
            _LOG_LEVEL,
            *log_format,
        ]

    def environment(self) -> dict[str, str]:
        """Return the variables by which Python comes up in Envoy as it is here."""
        preloaded = [self.python, *filter(None, [os.environ.get(_PRELOAD)])]
        return {
            "PYTHONHOME": f"{sys.base_prefix}{os.pathsep}{sys.base_exec_prefix}",
            "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path if path),  # noqa: PTH100
            _PRELOAD: os.pathsep.join(preloaded),
        }


def find() -> Program:
    """Find all of them; Missing when one is not there."""
    pyvoy, envoy = _folder("pyvoy"), _folder("envoy")
    binary = envoy / "_bin" / "envoy"
    library = next((path for path in (pyvoy / f"_pyvoy{end}" for end in EXTENSION_SUFFIXES) if path.is_file()), None)
    if library is None or not binary.is_file():
        raise _not_installed()
    return Program(str(binary), str(library), _python())


def _folder(package: str) -> Path:
    spec: ModuleSpec | None = PathFinder.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise _not_installed()
    return Path(spec.submodule_search_locations[0])


def _not_installed() -> Missing:
    return Missing(
        "the Envoy front needs pyvoy, which is not installed: in a clone, `pip install '.[envoy]'` installs it"
    )


def _python() -> str:
    """Return the shared library of the Python that runs."""
    from find_libpython import candidate_paths  # noqa: PLC0415 - it comes with pyvoy

    for path in map(Path, candidate_paths()):
        if path.name.startswith("libpython") and path.is_file():
            return str(path)
    raise Missing(
        f"the Envoy front needs Python as a shared library, and `{sys.executable}` comes without one: "
        "use a Python that was built with `--enable-shared`"
    )
