"""The configuration reference, from the table of settings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from docs._generate.markdown import code, page, table
from rolecall.config.present import Reference, reference
from rolecall.config.resolve import CONFIG_VARIABLE
from rolecall.config.settings import PREFIX, Section

_INTRO: Final = f"""
A setting is taken from the first of these that has it:

1. its flag (`--cache-mb 128`),
2. its environment variable (`{PREFIX}CACHE_MB=128`); an empty one counts as unset,
3. its key in a TOML file (`cache_mb = 128`), named by `--config FILE` or `{CONFIG_VARIABLE}`,
4. its default.

Everything is checked at start. A wrong value, a value that does not go with another, or an unknown key in the file
stops the start with a message that names the setting, where it came from and what it takes; all problems are told at
once. An unknown `{PREFIX}…` variable is only warned of. `rolecall config` prints what is in force and where each value
came from, secrets masked.
"""

_FILE: Final = """
A file:

```toml
db = "/var/lib/rolecall/rolecall.db"
listen = ["127.0.0.1:50051", "unix:///run/rolecall/rolecall.sock"]
http = "127.0.0.1:8080"
cache_mb = 128
log_level = "warning"
```
"""

_TOGETHER: Final = """
## What must fit together

- `dev` goes with loopback addresses and unix sockets only, for `listen` and `http`.
- `tls_cert` and `tls_key` come together; `tls_client_ca` needs both. With them every TCP listener speaks TLS. Unix
  sockets go without.
- `trust_unix_sockets` counts for callers on a unix socket that send no token; one that sends a token is checked as
  everywhere.
- `listen` names no address twice.
"""


def build() -> str:
    """Return the page."""
    sections = [part for section, rows in groupby(reference(), _section) for part in _rows(section, list(rows))]
    return page("Configuration reference", _INTRO, _FILE, *sections, _TOGETHER)


def _section(row: Reference) -> Section:
    return row.section


def _rows(section: Section, rows: list[Reference]) -> Iterator[str]:
    yield f"## {section.value}"
    if section is Section.CLIENT:
        yield "For the commands that call a running server."
    yield table(
        ["setting", "what it is", "takes", "default", "flag", "variable"],
        [
            (code(row.name), row.about, row.takes, _default(row), code(row.flag) or "none", code(row.variable))
            for row in rows
        ],
    )


def _default(row: Reference) -> str:
    return row.default if row.default == "not set" else code(row.default)
