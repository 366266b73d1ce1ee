"""The table of commands. A new command is one row here and one function."""

from __future__ import annotations

from typing import Final

from rolecall import __version__
from rolecall.cli import flags, setup_commands, setup_flags
from rolecall.cli.command import Command
from rolecall.cli.parser import Example

GROUPS: Final[tuple[tuple[str, tuple[Command, ...]], ...]] = (
    (
        "Run a server",
        (
            Command(
                "serve",
                "serve gRPC, with metrics and health over HTTP, until SIGTERM or Ctrl-C",
                "serve:serve",
                flags.server_flags,
                (
                    Example(
                        "rolecall serve --dev", "for trying out: makes an app with demo data, prints key and token"
                    ),
                    Example(
                        "rolecall serve --db /var/lib/rolecall.db --listen 0.0.0.0:50051 --http 127.0.0.1:8080",
                        "a store and two doors; `rolecall app create` makes the first app",
                    ),
                    Example("rolecall serve --listen unix:///run/rolecall.sock --http off", "a sidecar on a socket"),
                    Example("rolecall serve --config rolecall.toml", "settings from a file; flags win over it"),
                ),
                more="Every flag has its variable and its key in the file: --cache-mb, ROLECALL_CACHE_MB, cache_mb.",
            ),
            Command(
                "config",
                "show the settings in force and where each value comes from",
                "configuration:config",
                flags.all_flags,
                (
                    Example("rolecall config", "what `rolecall serve` would run with here"),
                    Example("rolecall config --config rolecall.toml --json", "the same with a file, for machines"),
                ),
            ),
            Command(
                "health",
                "ask a server whether it is serving; exit code 0 when it is, else 1",
                "health:health",
                flags.health_flags,
                (
                    Example("rolecall health --address 127.0.0.1:50051", "as a container's health check"),
                    Example("rolecall health --service rolecall.api.v1.CallService", "one service"),
                ),
            ),
        ),
    ),
    (
        "Apps and tokens, on the store file",
        (
            Command(
                "app create",
                "make an app; its secret is shown this once",
                "apps:create",
                flags.app_create_flags,
                (
                    Example("rolecall app create my-app", "with a random key and secret"),
                    Example("rolecall app create my-app --db rolecall.db --json", 'prints {"app", "key", "secret"}'),
                    Example("rolecall app create my-app --key k1 --secret - < secret.txt", "with your own"),
                ),
                usage="NAME",
                more="A server on the same store knows the app within its refresh interval (refresh_ms).",
            ),
            Command(
                "app list",
                "list the apps with their API keys, never their secrets",
                "apps:show_all",
                flags.store_flags,
                (Example("rolecall app list --db rolecall.db", "every app, oldest first"),),
            ),
            Command(
                "app rotate-secret",
                "give an app a new secret, shown this once; the old ones live until they are dropped",
                "apps:rotate",
                flags.app_rotate_flags,
                (
                    Example("rolecall app rotate-secret my-app", "tokens signed with the old secrets still count"),
                    Example("rolecall app rotate-secret my-app --finish", "later: only the newest counts"),
                    Example("rolecall app rotate-secret my-app --drop-old", "a secret has leaked: both at once"),
                ),
                usage="NAME",
            ),
            Command(
                "token",
                "make a token with an app's newest secret, and print it alone",
                "tokens:token",
                flags.token_flags,
                (
                    Example("rolecall token --db rolecall.db", "server-side: may do everything in the app"),
                    Example("rolecall token --key k1 --user bob --expires 1h", "speaks for bob, for one hour"),
                    Example(
                        "rolecall token --user bob --call default:standup --role host",
                        "and makes bob a host of that call while it lives",
                    ),
                    Example("export ROLECALL_TOKEN=$(rolecall token)", "what `rolecall check` reads it from"),
                ),
                usage="[--user ID]",
            ),
        ),
    ),
    ("Set up an app, on the store file or through a server", setup_commands.COMMANDS),
    (
        "Ask",
        (
            Command(
                "check",
                "may this user do this here; exit code 0 allowed, 3 denied",
                "asking:check",
                flags.check_flags,
                (
                    Example("rolecall check bob send-audio --call default:standup --db rolecall.db", "from the file"),
                    Example(
                        "ROLECALL_API_KEY=… ROLECALL_TOKEN=… rolecall check bob send-audio --call default:standup",
                        "from the server at --address",
                    ),
                    Example(
                        "rolecall check bob delete-message --channel messaging:general --owner bob",
                        "on a message that bob wrote",
                    ),
                    Example(
                        "rolecall check gil send-video --call default:x --member-role host --setting video.enabled=on",
                        "what if gil were a host and video were on",
                    ),
                ),
                usage="USER CAPABILITY [--call CID | --channel CID]",
            ),
            Command(
                "explain",
                "check, with what each rule said and what would make it yes",
                "asking:explain",
                flags.check_flags,
                (
                    Example("rolecall explain gil mute-users --call default:standup --db rolecall.db", "why not"),
                    Example("rolecall explain ann search-user --json", "in the app itself, for machines"),
                ),
                usage="USER CAPABILITY [--call CID | --channel CID]",
            ),
            Command(
                "capabilities",
                "list everything a user may do on a call or channel",
                "asking:capabilities",
                flags.capabilities_flags,
                (
                    Example("rolecall capabilities bob --call default:standup", "sorted, one a line"),
                    Example("rolecall capabilities bob --channel messaging:general --frozen", "what if it were frozen"),
                ),
                usage="USER (--call CID | --channel CID)",
            ),
            Command(
                "watch",
                "show what a user or every member may do, and each change as it happens, until Ctrl-C",
                "watch:watch",
                flags.watch_flags,
                (
                    Example("rolecall watch --call default:standup", "every member, from the server at --address"),
                    Example("rolecall watch --channel messaging:general --user bob --json", "one object a line"),
                ),
                usage="(--call CID | --channel CID)",
                more="A server that goes away is waited for; what changed meanwhile is shown when it is back.",
            ),
        ),
    ),
    (
        "Look up",
        (
            Command(
                "roles",
                "list the roles and where they hold grants",
                "catalogue:roles",
                flags.reading_flags,
                (Example("rolecall roles --db rolecall.db", "built-in and custom roles"),),
            ),
            Command(
                "permissions",
                "list the permissions that can be granted",
                "catalogue:permissions",
                flags.permissions_flags,
                (
                    Example("rolecall permissions --action SendAudio", "the variants of one action"),
                    Example("rolecall permissions --product chat --search reaction", "what there is about reactions"),
                    Example("rolecall permissions --custom --db rolecall.db", "the app's own"),
                ),
            ),
            Command(
                "permission get",
                "show one permission, with its condition",
                "permissions:get",
                setup_flags.permission_get_flags,
                (Example("rolecall permission get update-call-owner --db rolecall.db", "built in or custom"),),
                usage="ID",
            ),
            Command(
                "call-type list",
                "list the call types",
                "types:list_call_types",
                flags.reading_flags,
                (Example("rolecall call-type list --db rolecall.db", "names, and the roles that hold grants"),),
            ),
            Command(
                "call-type show",
                "show the settings of a call type and the grants of each role",
                "types:show_call_type",
                flags.show_flags,
                (Example("rolecall call-type show livestream --db rolecall.db", "one type"),),
                usage="NAME",
            ),
            Command(
                "channel-type list",
                "list the channel types",
                "types:list_channel_types",
                flags.reading_flags,
                (Example("rolecall channel-type list --db rolecall.db", "names, and the roles that hold grants"),),
            ),
            Command(
                "channel-type show",
                "show the config of a channel type, the grants of each role, and the policies",
                "types:show_channel_type",
                flags.show_flags,
                (Example("rolecall channel-type show messaging --db rolecall.db", "one type"),),
                usage="NAME",
            ),
        ),
    ),
    (
        "Care for the store",
        (
            Command(
                "db backup",
                "copy the store to a new file while it is in use",
                "database:backup",
                flags.backup_flags,
                (Example("rolecall db backup /backups/today.db --db rolecall.db", "whole, as it is at one moment"),),
                usage="TARGET",
            ),
            Command(
                "db check",
                "look for damage; exit code 1 when there is any",
                "database:check",
                flags.store_flags,
                (Example("rolecall db check --db rolecall.db", "lists every problem"),),
            ),
            Command(
                "version",
                "print the version",
                "version:version",
                flags.json_flag,
                (Example("rolecall version", f"rolecall {__version__}"),),
            ),
        ),
    ),
)

FAMILIES: Final = {
    "app": "make, list and set up apps, rotate their secrets",
    "call-type": "look at call types",
    "channel-type": "look at channel types, set their policies",
    "permission": "look at permissions; make, change and delete custom ones",
    "db": "back up and check the store",
}
"""What the commands under one first word are about."""

COMMANDS: Final = tuple(command for _, commands in GROUPS for command in commands)
