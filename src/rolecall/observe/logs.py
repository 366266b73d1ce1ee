"""Structured logs: one JSON object a line, or aligned columns on a terminal; other libraries' logs come out alike.

What may stand in a line is decided in redaction. uvicorn must be started with `log_config=None`, or it goes its own
way.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from contextlib import suppress
from typing import Any, Final, Literal, TextIO, cast
from weakref import WeakSet

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from rolecall.observe.redaction import clean_fields

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "json", "console"]

_EVENT_WIDTH: Final = 32
_FLOORS: Final = {
    "aiosqlite": logging.INFO,  # debug lines hold the values bound to each statement, secrets among them
    "asyncio": logging.INFO,
    "uvicorn.access": logging.WARNING,  # a line for each scrape and probe
}

_handed_out: Final[WeakSet[Any]] = WeakSet()


def get_logger(**fields: object) -> FilteringBoundLogger:
    """Return a logger whose lines carry these fields. It may be made at import time, before `configure`."""
    logger = structlog.get_logger(**fields)
    _handed_out.add(logger)
    return cast("FilteringBoundLogger", logger)


def configure(level: Level, log_format: Format, stream: TextIO) -> None:
    """Send every log of this process to `stream`. May be called again: loggers handed out before follow."""
    lines = _Lines(stream)
    terminal = stream.isatty()
    console = terminal if log_format == "auto" else log_format == "console"
    renderers = _console(color=terminal and not os.environ.get("NO_COLOR")) if console else _json()
    first: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
    last: list[Processor] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _cleaned,
        *renderers,
    ]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    for logger in _handed_out:
        vars(logger).pop("bind", None)  # what it has cached of an earlier configuration
    _take_over_stdlib(level, _Handler(lines, [*first, structlog.stdlib.add_logger_name], last))


def _take_over_stdlib(level: Level, handler: logging.Handler) -> None:
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(floor, root.level))


class _Lines:
    """Writes whole lines. A stream that is gone loses lines; it never fails the one who logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        with self._lock, suppress(OSError, ValueError):
            try:
                self._stream.write(line + "\n")
            except UnicodeEncodeError:
                self._stream.write(line.encode("ascii", "backslashreplace").decode("ascii") + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = write


class _Handler(logging.Handler):
    """Takes the records of the standard library's loggers through the same processors."""

    def __init__(self, lines: _Lines, first: list[Processor], last: list[Processor]) -> None:
        super().__init__()
        self._lines = lines
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=first,
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 (arguments that don't fit the message must not fail the one who logs)
            line = self.format(logging.makeLogRecord({**vars(record), "args": ()}))
        self._lines.write(line)


def _cleaned(_logger: object, _method: str, event: EventDict) -> EventDict:
    return clean_fields(event.items())


def _json() -> list[Processor]:
    return [_ordered, structlog.processors.JSONRenderer(serializer=json.dumps)]


def _ordered(_logger: object, _method: str, event: EventDict) -> EventDict:
    first = {key: event.pop(key) for key in ("timestamp", "level", "event")}
    return {**first, **event}


def _console(*, color: bool) -> list[Processor]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=color,
        sort_keys=False,
        pad_event_to=_EVENT_WIDTH,
        # The others print the values of local variables, secrets among them.
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [_printable, renderer]


def _printable(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Escape what would break the line or steer the terminal; tracebacks keep their lines, set in from the margin."""
    for key in ("exception", "stack"):
        if key in event:
            event[key] = "\n".join("    " + _escaped(line) for line in str(event[key]).splitlines())
    return {
        _escaped(key): _escaped(value) if isinstance(value, str) and key not in {"exception", "stack"} else value
        for key, value in event.items()
    }


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
