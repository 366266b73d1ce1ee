"""Flags of the commands that set up an app: its settings, its permissions and its policies."""

from __future__ import annotations

import argparse

from rolecall.cli.flags import reading_flags
from rolecall.cli.parser import Parser


def app_set_flags(parser: Parser) -> None:
    """Add the flags of `app set`."""
    group = parser.add_argument_group("Settings", "those that are not named stay")
    switch = argparse.BooleanOptionalAction
    group.add_argument(
        "--permission-version",
        choices=("v1", "v2"),
        help="how channels are decided; switches at once and translates nothing: `rolecall migrate` does",
    )
    group.add_argument("--multi-tenant", action=switch, default=None, help="teams count")
    group.add_argument(
        "--user-search-disallowed-roles",
        metavar="ROLES",
        help="roles, with commas between them, that may not search users on permission version v1; '' for none",
    )
    group.add_argument(
        "--disable-permissions-checks", action=switch, default=None, help="answer every question with allow"
    )
    group.add_argument(
        "--disable-auth-checks", action=switch, default=None, help="take tokens unchecked; on servers with --dev only"
    )
    group.add_argument(
        "--revoke-tokens-issued-before",
        metavar="TIME",
        help="refuse older tokens: a time such as 2030-01-31T12:00:00Z; '' to refuse none",
    )
    parser.add_argument("--dry-run", action="store_true", help="show how it would be, and change nothing")
    reading_flags(parser)


def migrate_flags(parser: Parser) -> None:
    """Add the flags of `migrate`."""
    parser.add_argument("--dry-run", action="store_true", help="tell what would change, and change nothing")
    parser.add_argument("--undo", action="store_true", help="put back what was there before the last migration")
    parser.add_argument(
        "--all",
        action="store_true",
        help="show all pairs of roles, also those that hardly exist, such as admin as a member; JSON always holds them",
    )
    reading_flags(parser, timeout=60.0)


def permission_get_flags(parser: Parser) -> None:
    """Add the arguments of `permission get` and `permission delete`."""
    parser.add_argument("id", metavar="ID", help="id of the permission")
    reading_flags(parser)


def permission_create_flags(parser: Parser) -> None:
    """Add the arguments of `permission create`."""
    parser.add_argument("id", metavar="ID", help="id that grants will name")
    group = parser.add_argument_group("Permission")
    group.add_argument("--action", metavar="NAME", required=True, help="the action it grants, such as SendAudio")
    group.add_argument("--name", metavar="TEXT", default="", help="name for people (default: the id)")
    group.add_argument("--description", metavar="TEXT", default="", help="a sentence for people")
    group.add_argument("--owner", action="store_true", help="only on what the user owns")
    group.add_argument("--any-team", action="store_true", default=None, help="across teams, not only within the user's")
    group.add_argument("--condition", metavar="JSON", help="what must hold besides; `-` reads it from stdin")
    reading_flags(parser)


def permission_update_flags(parser: Parser) -> None:
    """Add the arguments of `permission update`."""
    parser.add_argument("id", metavar="ID", help="id of a custom permission")
    group = parser.add_argument_group("Permission", "what is not named stays")
    switch = argparse.BooleanOptionalAction
    group.add_argument("--action", metavar="NAME", help="the action it grants, such as SendAudio")
    group.add_argument("--name", metavar="TEXT", help="name for people; '' for the id")
    group.add_argument("--description", metavar="TEXT", help="a sentence for people; '' for none")
    group.add_argument("--owner", action=switch, default=None, help="only on what the user owns")
    group.add_argument("--any-team", action=switch, default=None, help="across teams, not only within the user's")
    group.add_argument(
        "--condition", metavar="JSON", help="what must hold besides; '{}' for nothing; `-` reads it from stdin"
    )
    reading_flags(parser)


def channel_type_set_flags(parser: Parser) -> None:
    """Add the arguments of `channel-type set`."""
    parser.add_argument("name", metavar="NAME", help="name of the type")
    parser.add_argument(
        "--policies",
        metavar="FILE",
        required=True,
        help="JSON list of policies, which replace all there are; `-` reads it from stdin",
    )
    parser.add_argument("--dry-run", action="store_true", help="show how it would be, and change nothing")
    reading_flags(parser)
