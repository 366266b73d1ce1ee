"""The capabilities page: what can be asked about on a call and on a channel, and what each takes."""

from __future__ import annotations

from typing import Final

from docs._generate.markdown import code, page, table
from rolecall.domain.actions import ACTIONS, BIT
from rolecall.domain.call_capabilities import CAPABILITIES as OF_CALLS
from rolecall.domain.call_capabilities import CallCapability
from rolecall.domain.channel_capabilities import CAPABILITIES as OF_CHANNELS
from rolecall.domain.channel_capabilities import ChannelRow, Ownership

_IDS: Final = {action.name: action.id for action in ACTIONS}

_CALLS: Final = """
A capability of a call is one action under another name. It holds when the action is allowed to the user and the
setting, if there is one, is not off (`false`, or the mode `disabled`). The setting is read from the call's own copy.
"""

_CHANNELS: Final = """
A capability of a channel holds when the flag, if there is one, is on, the channel's state lets it, and one of the
actions is allowed. Without an action the flag or state alone decides.

- **flag**: a feature flag of the channel type's config; `config_overrides` of a channel win.
- **ownership**: whose permissions count. `own message`: the `-owner` ones count as if the message were the user's.
  `other's message`: they don't count. `either`: they count. Else they count for the creator of the channel.
- **state**: `sends`: taken away while the channel is frozen, unless the user has `use-frozen-channel`. `slow mode`:
  holds while the channel's cooldown is above zero. Everything is taken away while a channel is disabled, unless the
  user has `read-disabled-channel`.
"""

_OTHERS: Final = """
Every permission id can be asked about too, on a call, on a channel and, without a target, in the app:
`list-recordings`, `delete-call`, `create-channel`. An id that is both is read as the capability. Both lists grow with
new versions: treat the ids as strings.
"""

_OWNERSHIP: Final = {
    Ownership.CHANNEL: "",
    Ownership.OWN_MESSAGE: "own message",
    Ownership.OTHERS_MESSAGE: "other's message",
    Ownership.EITHER: "either",
    Ownership.ACTION: "",
}


def build() -> str:
    """Return the page."""
    return page(
        "Capabilities",
        f"What one user may do on one call or channel right now: {len(OF_CALLS)} ids for calls, {len(OF_CHANNELS)} for "
        "channels. They are a vocabulary of their own: the permission `start-recording` is the capability "
        "`start-record-call`.",
        _OTHERS,
        "## Calls",
        _CALLS,
        table(["capability", "action", "permission", "setting"], map(_of_call, OF_CALLS)),
        "## Channels",
        _CHANNELS,
        table(["capability", "one of these actions", "ownership", "flag", "state"], map(_of_channel, OF_CHANNELS)),
    )


def _of_call(row: CallCapability) -> tuple[str, ...]:
    return code(row.id), code(row.action), code(_IDS[row.action]), code(row.setting or "")


def _of_channel(row: ChannelRow) -> tuple[str, ...]:
    actions = " ".join(code(action.name) for action in ACTIONS if BIT[action.name] & row.actions)
    state = "sends" if row.sends else "slow mode" if row.slow else ""
    return code(row.id), actions, _OWNERSHIP[row.ownership], code(row.flag or ""), state
