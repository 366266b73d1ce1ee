"""Where values come from: flags over environment over TOML file over defaults, all problems told at once.

Nothing here reads `sys.argv` or `os.environ`: the caller hands both in.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from rolecall.config.checks import CHECKS
from rolecall.config.errors import ConfigError, Refused
from rolecall.config.settings import ALL_NAMES, PREFIX, ROWS, Row, Settings
from rolecall.domain.names import shown

CONFIG_VARIABLE: Final = PREFIX + "CONFIG"

# Kubernetes tells every container about a Service called `rolecall` in variables that begin like ours.
_KUBERNETES: Final = re.compile(PREFIX + r"(?:SERVICE_(?:HOST|PORT\w*)|PORT_[0-9]+_(?:TCP|UDP|SCTP)\w*)")
_KUBERNETES_URL: Final = re.compile(r"(?:tcp|udp|sctp)://")


class Origin(NamedTuple):
    """Where a value was found; `place` is the flag, the variable or the file."""

    source: Literal["flag", "environment", "file", "default"]
    name: str
    place: str = ""

    def __str__(self) -> str:
        match self.source:
            case "flag":
                return f"flag `{self.place}`"
            case "environment":
                return f"env `{self.place}`"
            case "file":
                return f"file {self.place}: {self.name}"
            case _:
                return "default"

    @property
    def subject(self) -> str:
        """The setting as its writer knows it, to begin a sentence with."""
        match self.source:
            case "flag":
                return f"`{self.place}`"
            case "environment":
                return f"`{self.place}` from the environment"
            case "file":
                return f"`{self.name}` in {shown(self.place)}"
            case _:
                return f"`{self.name}`"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings, where each that was asked for comes from, and what is odd but not wrong."""

    settings: Settings
    origins: Mapping[str, Origin]
    warnings: tuple[str, ...] = ()


class _File(NamedTuple):
    path: str
    values: Mapping[str, Any]


def resolve(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    config_file: str | Path | None = None,
    *,
    names: Collection[str] = ALL_NAMES,
) -> Resolved:
    """Return the settings called `names`, the others at their defaults; raises ConfigError with every problem found.

    `flags` may be the parser's whole namespace: None is a flag not given, keys that are no settings are passed over.
    An empty environment variable counts as unset. Without `config_file`, ROLECALL_CONFIG names the file.
    """
    problems: list[str] = []
    file = _load(config_file, environ, problems)
    origins: dict[str, Origin] = {}
    values: dict[str, Any] = {}
    for row in ROWS:
        if row.name not in names:
            continue
        origin, given = _find(row, flags, environ, file)
        origins[row.name] = origin
        if origin.source != "default":
            try:
                values[row.name] = _read(row, origin, given)
            except Refused as refusal:
                problems.append(_complaint(row, origin, given, str(refusal)))
    settings = Settings(**values)
    right = {name for name, origin in origins.items() if origin.source == "default" or name in values}
    problems += [f"{origins[name].subject} {text}" for name, text in _inconsistencies(settings, right)]
    if problems:
        raise ConfigError(problems)
    return Resolved(settings, origins, tuple(_strangers(environ)))


def _find(row: Row, flags: Mapping[str, object], environ: Mapping[str, str], file: _File) -> tuple[Origin, object]:
    if row.flag is not None and flags.get(row.name) is not None:
        return Origin("flag", row.name, row.flag), flags[row.name]
    if environ.get(row.variable):
        return Origin("environment", row.name, row.variable), environ[row.variable]
    if row.name in file.values:
        return Origin("file", row.name, file.path), file.values[row.name]
    return Origin("default", row.name), None


def _read(row: Row, origin: Origin, given: object) -> object:
    if isinstance(given, str) and origin.source != "file":
        return row.kind.text(given)
    return row.kind.value(given)


def _complaint(row: Row, origin: Origin, given: object, why: str) -> str:
    # A number written as text in the file is shown in its quotes, for these are what is wrong with it.
    text = given if isinstance(given, str) and origin.source != "file" else json.dumps(given, default=str)
    got = "a value that is not shown" if row.secret else shown(text)
    return f"{origin.subject} must be {row.kind.takes}, got {got}" + (f" ({why})" if why else "")


def _inconsistencies(settings: Settings, right: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    for about, find in CHECKS:
        if right >= set(about):
            yield from find(settings)


def _load(config_file: str | Path | None, environ: Mapping[str, str], problems: list[str]) -> _File:
    """Return what the TOML file holds; a file that can't be read and keys that are no settings are problems."""
    path = str(config_file or environ.get(CONFIG_VARIABLE) or "")
    if not path:
        return _File("", {})
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        subject = "`--config`" if config_file else f"`{CONFIG_VARIABLE}` from the environment"
        why = (error.strerror or "it can't be read").lower() if isinstance(error, OSError) else str(error)
        problems.append(f"{subject} must be a TOML file, got {shown(path)} ({why})")
        return _File(path, {})
    known = [row.name for row in ROWS]
    problems += [
        f"{shown(key)} in {shown(path)} is not a setting{_suggestion(key, known)}" for key in values if key not in known
    ]
    return _File(path, values)


def _strangers(environ: Mapping[str, str]) -> Iterator[str]:
    """Tell of variables that look like ours and are not."""
    known = {row.variable for row in ROWS} | {CONFIG_VARIABLE}
    stems = [name.removeprefix(PREFIX) for name in sorted(known)]
    for name, value in sorted(environ.items()):
        foreign = _KUBERNETES.fullmatch(name) or _KUBERNETES_URL.match(value)
        if name.startswith(PREFIX) and name not in known and not foreign:
            meant = _suggestion(name.removeprefix(PREFIX), stems, PREFIX)
            yield f"{shown(name)} from the environment is not a setting{meant}"


def _suggestion(name: str, known: Collection[str], prefix: str = "") -> str:
    close = difflib.get_close_matches(name[:64], known, n=1)
    return f"; did you mean `{prefix}{close[0]}`?" if close else ""
