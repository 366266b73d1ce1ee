"""Where the other engines are, and `python -m bench.peers.install`: what of them can be had is put there.

What can't be had is told and left out; the rest is measured all the same.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parent
HOME: Final = _HERE.parent.parent / ".bench"
"""Made by make and known to no one else; git ignores it."""

_REQUIREMENTS: Final = _HERE / "requirements.txt"
_PACKAGES: Final = _HERE / "package.json"


def cerbos() -> Path | None:
    """Return Cerbos' program, None when it is not there."""
    return next(iter(sorted((HOME / "node_modules" / "@cerbos").glob("cerbos-*/cerbos-*"))), None)


def python() -> Path:
    """Return the Python that has the engines that are packages of it."""
    return HOME / "venv" / "bin" / "python"


def versions() -> dict[str, str]:
    """Return the versions that are pinned, by the name of the engine."""
    pinned = dict(re.findall(r"^(\w+)==([\w.]+)", _REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE))
    (npm,) = set(json.loads(_PACKAGES.read_text(encoding="utf-8"))["optionalDependencies"].values())
    return {**pinned, "Cerbos": npm}


def has_engines() -> bool:
    """Tell whether the engines that are Python packages are there, in the versions that are pinned."""
    done = HOME / "venv" / _REQUIREMENTS.name
    return python().exists() and done.exists() and done.read_bytes() == _REQUIREMENTS.read_bytes()


def install() -> None:
    """Bring what is not there yet."""
    HOME.mkdir(exist_ok=True)
    if not has_engines():
        _told("pycasbin and cedarpy", _install_engines)
    wanted = HOME / "package.json"
    if cerbos() is None or not wanted.exists() or wanted.read_bytes() != _PACKAGES.read_bytes():
        _told("Cerbos", _install_cerbos)


def _told(what: str, work: Callable[[], None]) -> None:
    print(f"fetching {what} into {HOME.name}/ (once)", flush=True)
    try:
        work()
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{what}: not to be had here, so left out: {error}", file=sys.stderr, flush=True)


def _install_engines() -> None:
    venv.create(HOME / "venv", with_pip=True, clear=True)
    pip = [str(python()), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--require-hashes", "--only-binary=:all:", "-r", str(_REQUIREMENTS)], check=True)
    shutil.copy(_REQUIREMENTS, HOME / "venv")


def _install_cerbos() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    shutil.copy(_PACKAGES, HOME / "package.json")
    quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run([npm, "install", *quiet], cwd=HOME, check=True)
    if cerbos() is None:
        raise FileNotFoundError("Cerbos publishes no program for this machine on npm")


if __name__ == "__main__":
    install()
    sys.exit(0)
