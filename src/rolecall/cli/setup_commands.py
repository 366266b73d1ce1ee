"""The rows of the table of commands that set up an app: its settings, its permissions and its policies."""

from __future__ import annotations

from typing import Final

from rolecall.cli import flags, setup_flags
from rolecall.cli.command import Command
from rolecall.cli.parser import Example

COMMANDS: Final = (
    Command(
        "app get",
        "show the settings of an app, and the grants in the app itself",
        "settings:get",
        flags.reading_flags,
        (
            Example("rolecall app get --db rolecall.db", "from the file"),
            Example("ROLECALL_API_KEY=… ROLECALL_TOKEN=… rolecall app get", "from the server at --address"),
        ),
    ),
    Command(
        "app set",
        "change settings of an app; they count at once",
        "settings:change",
        setup_flags.app_set_flags,
        (
            Example("rolecall app set --permission-version v1 --db rolecall.db", "back to policies, for channels"),
            Example("rolecall app set --multi-tenant --dry-run", "how it would be with teams"),
            Example("rolecall app set --user-search-disallowed-roles guest,anonymous", "under v1"),
            Example("rolecall app set --revoke-tokens-issued-before ''", "older tokens count again"),
        ),
        usage="--SETTING VALUE",
    ),
    Command(
        "migrate",
        "turn the policies of permission version v1 into grants of v2, and switch to it; or undo that",
        "migration:migrate",
        setup_flags.migrate_flags,
        (
            Example("rolecall migrate --dry-run --db rolecall.db", "which answers would change, before all else"),
            Example("rolecall migrate --dry-run --all", "also for pairs of roles that hardly exist"),
            Example("rolecall migrate --db rolecall.db", "do it: all at once, or nothing"),
            Example("rolecall migrate --undo --db rolecall.db", "put back version and grants from before it"),
            Example("rolecall migrate --undo --dry-run --json", "what that would change, for machines"),
        ),
        more="The policies stay as they are. Grants of channel types are replaced by what the policies become, also "
        "when it is run again: the report shows what was granted since and is lost, and --undo takes back the last 20 "
        "migrations, the newest first. --timeout is 60 seconds unless given.",
    ),
    Command(
        "permission create",
        "make a custom permission: an action under an id of its own, perhaps with a condition",
        "permissions:create",
        setup_flags.permission_create_flags,
        (
            Example("rolecall permission create close-own-room --action DeleteChannel --owner", "a narrow one"),
            Example(
                "rolecall permission create talk-as-adult --action SendAudio "
                """--condition '{"$subject.age": {"$gte": 18}}'""",
                "for users whose custom data says so",
            ),
            Example(
                "rolecall permission create talk --action SendAudio --any-team --condition - < condition.json",
                "in every team, with a condition from a file",
            ),
        ),
        usage="ID --action NAME",
        more="Grants name it as any other permission, on call types, channel types, channels and in the app.",
    ),
    Command(
        "permission update",
        "change a custom permission; the grants that name it follow at once",
        "permissions:update",
        setup_flags.permission_update_flags,
        (
            Example("rolecall permission update talk --no-any-team --db rolecall.db", "within teams only"),
            Example("rolecall permission update talk --condition '{}'", "without a condition"),
        ),
        usage="ID",
    ),
    Command(
        "permission delete",
        "delete a custom permission that no grant names",
        "permissions:delete",
        setup_flags.permission_get_flags,
        (Example("rolecall permission delete talk --db rolecall.db", "one permission"),),
        usage="ID",
    ),
    Command(
        "channel-type set",
        "replace the policies of a channel type, which decide on permission version v1",
        "policies:replace",
        setup_flags.channel_type_set_flags,
        (
            Example("rolecall channel-type set team --policies policies.json --dry-run", "how it would be"),
            Example("rolecall channel-type set team --policies - < policies.json", "from stdin"),
        ),
        usage="NAME --policies FILE",
        more="A policy is an object with name, priority, action (allow or deny), roles, owner and resources;\n"
        "`rolecall channel-type show NAME --json` prints them, under `policies`.",
    ),
)
