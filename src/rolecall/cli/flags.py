"""Flags that several commands share. The settings table is imported only when a command wants flags from it."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Collection
from typing import Final

from rolecall.cli.parser import Parser

_SPAN: Final = re.compile(r"([1-9][0-9]{0,9})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


# --- values ----------------------------------------------------------------------------------------------------------


def span(text: str) -> int:
    """Read a span of time such as `30s`, `15m`, `1h`, `7d`; return seconds."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError("must be a number with s, m, h or d behind it, such as `30s` or `1h`")
    return int(match[1]) * _SECONDS[match[2]]


def seconds(text: str) -> float:
    """Read a number of seconds above zero."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return value


def whole(text: str) -> int:
    """Read a whole number that fits 64 bits."""
    if not re.fullmatch(r"[0-9]{1,19}", text):
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return int(text)


# --- settings --------------------------------------------------------------------------------------------------------


def setting_flags(parser: Parser, names: Collection[str] | None = None) -> None:
    """Add the flags of these settings (None: of all), and the file that settings can come from."""
    from rolecall.config import ALL_NAMES, add_flags

    add_flags(parser, ALL_NAMES if names is None else names)
    parser.add_argument("--config", metavar="FILE", help="TOML file with settings (or ROLECALL_CONFIG)")


def server_flags(parser: Parser) -> None:
    """Add the flags of `serve`."""
    from rolecall.config import SERVER_NAMES

    setting_flags(parser, SERVER_NAMES)
    json_flag(parser)


def all_flags(parser: Parser) -> None:
    """Add a flag for every setting."""
    setting_flags(parser)
    json_flag(parser)


def store_flags(parser: Parser) -> None:
    """Add the flags of a command that works on a store file."""
    setting_flags(parser, ("db",))
    json_flag(parser)


def json_flag(parser: Parser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON, for machines")


# --- apps and tokens -------------------------------------------------------------------------------------------------


def app_create_flags(parser: Parser) -> None:
    """Add the flags of `app create`."""
    parser.add_argument("name", metavar="NAME", help="name of the new app")
    group = parser.add_argument_group("App")
    group.add_argument("--key", metavar="KEY", help="API key: 1 to 64 of A-Z a-z 0-9 _ - (default: a random one)")
    group.add_argument(
        "--secret",
        metavar="SECRET",
        help="secret to use instead of a made one; `-` reads it from stdin, and ROLECALL_APP_SECRET may hold it "
        "(a value given here can be seen by everyone on the machine)",
    )
    group.add_argument(
        "--permission-version",
        choices=("v1", "v2"),
        default="v2",
        help="how channels are decided (default: v2)",
    )
    store_flags(parser)


def app_rotate_flags(parser: Parser) -> None:
    """Add the flags of `app rotate-secret`."""
    parser.add_argument("name", metavar="NAME", help="name of the app")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--drop-old",
        action="store_true",
        help="make the old secrets, and all tokens signed with them, worthless at once",
    )
    which.add_argument(
        "--finish", action="store_true", help="make no new secret: drop all but the newest, which ends a rotation"
    )
    store_flags(parser)


def token_flags(parser: Parser) -> None:
    """Add the flags of `token`."""
    group = parser.add_argument_group("Token")
    group.add_argument("--user", metavar="ID", help="the user that calls with it (default: a server-side token)")
    group.add_argument(
        "--call", metavar="CID", action="append", default=[], help="a call it makes the user a member of"
    )
    group.add_argument(
        "--channel", metavar="CID", action="append", default=[], help="a channel it makes the user a member of"
    )
    group.add_argument("--role", metavar="ROLE", help="role of the user on these calls and channels")
    group.add_argument("--expires", metavar="SPAN", type=span, help="30s, 15m, 1h, 7d, … (default: never)")
    app_choice_flags(parser)
    store_flags(parser)


def app_choice_flags(parser: Parser) -> None:
    """Add the flags that choose one of the store's apps."""
    group = parser.add_argument_group("App", "not needed when the store holds one app")
    one = group.add_mutually_exclusive_group()
    one.add_argument("--key", metavar="KEY", help="the app with this API key")
    one.add_argument("--app", metavar="NAME", help="the app of this name")


# --- questions -------------------------------------------------------------------------------------------------------


def check_flags(parser: Parser) -> None:
    """Add the arguments of `check` and `explain`."""
    parser.add_argument("user", metavar="USER", help="id of the user")
    parser.add_argument("capability", metavar="CAPABILITY", help="capability id, such as send-audio, or permission id")
    target = parser.add_argument_group("Target", "neither call nor channel: the app itself")
    _targets(target.add_mutually_exclusive_group())
    target.add_argument("--owner", metavar="ID", help="user who made the message, attachment or reaction acted on")
    fact_flags(parser)
    asking_flags(parser)


def capabilities_flags(parser: Parser) -> None:
    """Add the arguments of `capabilities`."""
    parser.add_argument("user", metavar="USER", help="id of the user")
    _targets(parser.add_argument_group("Target").add_mutually_exclusive_group(required=True))
    fact_flags(parser)
    asking_flags(parser)


def watch_flags(parser: Parser) -> None:
    """Add the arguments of `watch`."""
    target = parser.add_argument_group("Target")
    _targets(target.add_mutually_exclusive_group(required=True))
    every = "one user (default: every member; with a user's token, that user)"
    target.add_argument("--user", metavar="ID", default="", help=every)
    connection_flags(parser, ("address", "api_key"), timeout=10.0)
    _token_flags(parser)
    json_flag(parser)


def _targets(group: argparse._MutuallyExclusiveGroup) -> None:
    group.add_argument("--call", metavar="CID", help="a call, such as default:standup")
    group.add_argument("--channel", metavar="CID", help="a channel, such as messaging:general")


def fact_flags(parser: Parser) -> None:
    """Add the flags that describe a call or channel otherwise than it is stored."""
    group = parser.add_argument_group("Facts", "what if; each counts for this answer only, over what is stored")
    switch = argparse.BooleanOptionalAction
    group.add_argument("--member-role", metavar="ROLE", help="the user's role as a member; '' for no member")
    group.add_argument("--created-by", metavar="ID", help="user who created the call or channel; '' for nobody")
    group.add_argument("--team", metavar="TEAM", help="team of the call or channel; '' for none")
    group.add_argument("--blocked", action=switch, default=None, help="the user is blocked on the call")
    group.add_argument("--frozen", action=switch, default=None, help="the channel is frozen")
    group.add_argument("--disabled", action=switch, default=None, help="the channel is disabled")
    group.add_argument("--cooldown", metavar="N", type=whole, help="seconds between two messages on the channel")
    group.add_argument("--custom", metavar="JSON", help="custom data of the call or channel, which conditions look at")
    group.add_argument(
        "--setting",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="a setting of the call, such as video.enabled=false, or of the channel's config, such as replies=off",
    )


def asking_flags(parser: Parser) -> None:
    """Add the flags that say where a question goes: to a store file or to a server."""
    parser.add_argument(
        "--min-revision", metavar="N", type=whole, default=0, help="answer from this revision of the app or a newer one"
    )
    reading_flags(parser)


def reading_flags(parser: Parser, *, timeout: float = 10.0) -> None:
    """Add the flags of a command that asks a store file or a server; `timeout` is in seconds."""
    file = parser.add_argument_group("From a store file", "in this process; no server is needed")
    file.add_argument("--db", metavar="PATH", help="SQLite file that holds the answer")
    one = file.add_mutually_exclusive_group()
    one.add_argument("--key", metavar="KEY", help="the app with this API key, when the store holds several")
    one.add_argument("--app", metavar="NAME", help="the app of this name, when the store holds several")
    connection_flags(parser, ("address", "api_key"), timeout=timeout)
    _token_flags(parser)
    json_flag(parser)


def _token_flags(parser: Parser) -> None:
    group = parser.add_argument_group("Token", "instead of ROLECALL_TOKEN").add_mutually_exclusive_group()
    group.add_argument("--token-file", metavar="FILE", help="file that holds the token")
    group.add_argument("--token", metavar="-", help="`-` reads the token from stdin")


def connection_flags(parser: Parser, names: Collection[str], *, timeout: float) -> None:
    """Add the flags of a connection to a server; `timeout` is in seconds."""
    setting_flags(parser, names)
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=timeout, help=f"deadline (default: {timeout:g})"
    )
    group = parser.add_argument_group("Connection with TLS", "without any of these, plaintext")
    group.add_argument("--tls", action="store_true", help="TLS; the server's certificate is from a public authority")
    group.add_argument("--tls-ca", metavar="FILE", help="TLS; PEM certificates of the authority to trust instead")
    group.add_argument("--tls-client-cert", metavar="FILE", help="PEM certificate to show (mutual TLS)")
    group.add_argument("--tls-client-key", metavar="FILE", help="PEM private key of that certificate")


# --- the rest --------------------------------------------------------------------------------------------------------


def permissions_flags(parser: Parser) -> None:
    """Add the flags of `permissions`."""
    group = parser.add_argument_group("Filters")
    group.add_argument("--product", metavar="{video,chat}", default="", help="of one product")
    group.add_argument("--level", metavar="{app,channel}", default="", help="granted in the app, or in types")
    group.add_argument("--action", metavar="NAME", default="", help="that grant this action, such as SendAudio")
    group.add_argument(
        "--custom", action=argparse.BooleanOptionalAction, default=None, help="the app's own, or the built-in ones"
    )
    group.add_argument("--search", metavar="TEXT", default="", help="whose id, name or description holds this")
    reading_flags(parser)


def show_flags(parser: Parser) -> None:
    """Add the arguments of `call-type show` and `channel-type show`."""
    parser.add_argument("name", metavar="NAME", help="name of the type")
    reading_flags(parser)


def backup_flags(parser: Parser) -> None:
    """Add the arguments of `db backup`."""
    parser.add_argument("target", metavar="TARGET", help="file to write; it must not exist")
    store_flags(parser)


def health_flags(parser: Parser) -> None:
    """Add the flags of `health`."""
    parser.add_argument("--service", metavar="NAME", default="", help="one service, by its full name (default: all)")
    connection_flags(parser, ("address",), timeout=3.0)
    json_flag(parser)
