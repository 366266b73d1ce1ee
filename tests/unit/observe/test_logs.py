"""Lines of log, in both forms, from our loggers and from others'."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
import structlog

from rolecall.observe import logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiYWRhIn0.c2lnbmF0dXJl"
NASTY = [
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\x00",
    "\x0b",
    "\x0c",
    "\x1b[2J",
    "\x1c",
    "\x7f",
    "\x85",
    "\x9b1m",
    "\u2028",
    "\u202e",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    named = {name: logging.getLogger(name).level for name in ("aiosqlite", "asyncio", "uvicorn.access", "grpc")}
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, was in named.items():
        logging.getLogger(name).setLevel(was)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def configured(level: logs.Level = "info", log_format: logs.Format = "json") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(level, log_format, stream)
    return stream


def fail(text: str) -> NoReturn:
    raise ValueError(text)


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().split("\n")[:-1]]


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_a_line_is_one_object() -> None:
    stream = configured()
    logs.get_logger(component="edge").info("call denied", reason="BLOCKED", revision=7)
    (line,) = objects(stream)
    assert list(line) == ["timestamp", "level", "event", "component", "reason", "revision"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("timestamp"))
    assert line == {
        "level": "info",
        "event": "call denied",
        "component": "edge",
        "reason": "BLOCKED",
        "revision": 7,
    }


@pytest.mark.parametrize("nasty", NASTY)
def test_no_value_breaks_a_json_line(nasty: str) -> None:
    stream = configured()
    text = f"a{nasty}b"
    logs.get_logger().info(text, **{text: text, "list": [text]})
    logging.getLogger("grpc").warning(text)
    written = stream.getvalue()
    assert len(written.splitlines()) == 2
    assert written.isascii()
    ours, theirs = objects(stream)
    assert (ours["event"], ours[text], ours["list"], theirs["event"]) == (text, text, [text], text)


def test_exceptions_are_told_whole_on_one_line() -> None:
    stream = configured()
    try:
        fail(f"no\n{TOKEN}")
    except ValueError:
        logs.get_logger().exception("failed")
        logging.getLogger("asyncio").exception("failed too")
    ours, theirs = objects(stream)
    for line in (ours, theirs):
        assert line["level"] == "error"
        assert line["exception"].startswith("Traceback (most recent call last):\n")
        assert line["exception"].endswith("ValueError: no\n[redacted]")


def test_secrets_are_taken_out_wherever_they_stand() -> None:
    stream = configured("debug")
    logs.get_logger(authorization="opaque").info(
        f"got {TOKEN}", token="opaque", header=f"x {TOKEN}", nested=[{"secret": "opaque"}]
    )
    logging.getLogger("grpc").warning("metadata %s", [("authorization", TOKEN)])
    assert "opaque" not in stream.getvalue()
    assert "eyJ" not in stream.getvalue()
    assert objects(stream)[0]["token"] == "[redacted]"


def test_fields_bound_to_the_context_are_in_every_line() -> None:
    stream = configured()
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        logs.get_logger().info("ours")
        logging.getLogger("uvicorn.error").info("theirs")
    logs.get_logger().info("after")
    assert [line.get("request_id") for line in objects(stream)] == ["r1", "r1", None]


def test_more_fields_than_fit_a_nested_value_are_all_logged() -> None:
    stream = configured()
    logs.get_logger().info("many", **{f"f{number}": number for number in range(200)})
    (line,) = objects(stream)
    assert line["f199"] == 199
    assert line["event"] == "many"


# --- levels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_lines_below_the_level_are_left_out(level: logs.Level, expected: list[str]) -> None:
    stream = configured(level)
    for logger in (logs.get_logger(), logging.getLogger("grpc")):
        logger.debug("x")
        logger.info("x")
        logger.warning("x")
        logger.error("x")
    assert [line["level"] for line in objects(stream)] == expected * 2


def test_a_line_below_the_level_does_no_work() -> None:
    class Costly:
        looked_at = 0

        def __str__(self) -> str:
            self.looked_at += 1
            return "costly"

    costly = Costly()
    stream = configured("info")
    logger = logs.get_logger()
    logger.debug("%s", costly, field=costly)
    assert (costly.looked_at, stream.getvalue()) == (0, "")
    logger.info("shown", field=costly)
    assert costly.looked_at == 1


def test_every_method_of_a_logger_writes() -> None:
    stream = configured("debug")
    logger = logs.get_logger()
    for method in ("debug", "info", "warning", "warn", "error", "exception", "critical", "fatal"):
        getattr(logger, method)(method)
    logger.log(logging.INFO, "log")
    assert len(objects(stream)) == 9


# --- other libraries -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["grpc._cython.cygrpc", "uvicorn.error", "asyncio", "aiosqlite", "anything"])
def test_other_libraries_come_out_alike(name: str) -> None:
    stream = configured()
    logging.getLogger(name).warning("slow: %d ms", 7)
    (line,) = objects(stream)
    assert list(line) == ["timestamp", "level", "event", "logger"]
    assert (line["level"], line["event"], line["logger"]) == ("warning", "slow: 7 ms", name)


def test_the_store_drivers_debug_lines_never_show() -> None:
    stream = configured("debug")
    logging.getLogger("aiosqlite").debug("executing insert into secrets values ('hush')")
    logging.getLogger("grpc").debug("shown")
    assert [line["event"] for line in objects(stream)] == ["shown"]


def test_a_floor_does_not_lower_the_level() -> None:
    stream = configured("error")
    for name in ("aiosqlite", "asyncio", "uvicorn.access"):
        logging.getLogger(name).warning("x")
    assert stream.getvalue() == ""


def test_arguments_that_do_not_fit_the_message_fail_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # the test runner's own raises
    stream = configured()
    logging.getLogger("grpc").warning("%d items", "many")
    assert [line["event"] for line in objects(stream)] == ["%d items"]


def test_other_handlers_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    other = logging.NullHandler()
    monkeypatch.setattr(logging.getLogger(), "handlers", [other])
    configured()
    configured()
    assert logging.getLogger().handlers[0] is other
    assert len(logging.getLogger().handlers) == 2


# --- configuring again -----------------------------------------------------------------------------------------------


def test_loggers_handed_out_before_follow() -> None:
    logger = logs.get_logger(component="x")
    first = configured("error")
    logger.info("hidden")
    second = configured("info")
    logger.info("shown")
    logging.getLogger("grpc").info("shown")
    assert first.getvalue() == ""
    assert [line["event"] for line in objects(second)] == ["shown", "shown"]


# --- console ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log_format", "stream", "is_json"),
    [
        ("auto", io.StringIO(), True),
        ("auto", Terminal(), False),
        ("json", Terminal(), True),
        ("console", io.StringIO(), False),
    ],
)
def test_the_form_follows_the_stream_unless_told(log_format: logs.Format, stream: io.StringIO, is_json: bool) -> None:
    logs.configure("info", log_format, stream)
    logs.get_logger().info("x")
    assert stream.getvalue().startswith("{") is is_json


def test_console_lines_are_aligned() -> None:
    stream = configured("info", "console")
    logs.get_logger().info("short", user="ada")
    logs.get_logger().warning("a longer event", reason="no grant")
    one, two = stream.getvalue().splitlines()
    assert one.index("user=ada") == two.index("reason='no grant'")
    assert one.index("short") == two.index("a longer event")


def test_colors_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, plain = Terminal(), Terminal()
    logs.configure("info", "auto", terminal)
    logs.get_logger().info("x")
    monkeypatch.setenv("NO_COLOR", "1")
    logs.configure("info", "auto", plain)
    logs.get_logger().info("x")
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in plain.getvalue()
    assert "\x1b[" not in console_line("x")


def console_line(event: str, **fields: object) -> str:
    stream = configured("info", "console")
    logs.get_logger().info(event, **fields)
    return stream.getvalue()


@pytest.mark.parametrize("nasty", NASTY)
def test_no_value_breaks_a_console_line(nasty: str) -> None:
    text = f"a{nasty}b"
    line = console_line(text, **{text: text, "list": [text], "quoted": f"{text} c", "level": text, "timestamp": text})
    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_tracebacks_on_the_console_are_set_in_and_printable() -> None:
    stream = configured("info", "console")
    secret_local = "local"
    try:
        fail(f"no\n2020-01-01 [info] forged \x1b[2J {TOKEN}")
    except ValueError:
        logs.get_logger().exception("failed")
        logging.getLogger("asyncio").warning("failed too", stack_info=True)
    first, *rest = stream.getvalue().splitlines()
    assert " failed" in first
    assert [line for line in rest if not line.startswith("    ")] == [line for line in rest if " failed too " in line]
    assert "    ValueError: no" in rest
    assert "    2020-01-01 [info] forged \\x1b[2J [redacted]" in rest
    assert all(line.isprintable() for line in rest)
    assert f"'{secret_local}'" not in stream.getvalue()


# --- streams that fail -----------------------------------------------------------------------------------------------


def test_a_stream_that_is_gone_fails_nobody() -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    closed = io.StringIO()
    for stream in (Broken(), closed):
        logs.configure("info", "json", stream)
        if stream is closed:
            stream.close()
        logs.get_logger().info("x")
        logging.getLogger("grpc").warning("x")


def test_a_stream_that_knows_few_letters_gets_them_escaped() -> None:
    raw = io.BytesIO()
    logs.configure("info", "console", io.TextIOWrapper(raw, encoding="ascii", newline="\n"))
    logs.get_logger().info("héllo", user="ünï")
    assert raw.getvalue().decode("ascii").split()[-2:] == [r"h\xe9llo", r"user=\xfcn\xef"]
