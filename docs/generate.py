"""Regenerates docs/reference from the code and the protos; `--check` only says whether it is current."""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))  # started as a script, Python looks beside it only

from docs._generate import capabilities, cli, configuration, errors, grpc, permissions  # noqa: E402

REFERENCE: Final = DOCS / "reference"
PAGES: Final[dict[str, Callable[[], str]]] = {
    "capabilities.md": capabilities.build,
    "cli.md": cli.build,
    "configuration.md": configuration.build,
    "errors.md": errors.build,
    "grpc.md": grpc.build,
    "permissions.md": permissions.build,
}
_SHOWN: Final = 20


def differences() -> list[str]:
    """Return, for each page that is not current, its name and the first lines that differ."""
    found = []
    for name, build in PAGES.items():
        path = REFERENCE / name
        now = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = unified_diff(now.splitlines(), build().splitlines(), "committed", "generated", n=0, lineterm="")
        if shown := list(islice(lines, _SHOWN)):
            found.append("\n    ".join([f"docs/reference/{name}", *shown]))
    return found


def main() -> None:
    """Write every page, or with `--check` end with 1 and what differs."""
    if "--check" in sys.argv[1:]:
        if found := differences():
            sys.exit("not what the code generates (run `make docs`):\n  " + "\n  ".join(found))
        return
    REFERENCE.mkdir(exist_ok=True)
    for name, build in PAGES.items():
        (REFERENCE / name).write_text(build(), encoding="utf-8")


if __name__ == "__main__":
    main()
