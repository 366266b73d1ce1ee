"""Channel config: every field of a channel type's config, and which of them are feature flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rolecall.domain.records import Settings
from rolecall.domain.settings import Leaf, check_leaves, choice, flag, number, text, texts

CONFIG: Final[Mapping[str, Leaf]] = {
    "automod": choice("disabled", "simple", "AI"),
    "automod_behavior": choice("flag", "block", "shadow_block"),
    "commands": texts(),
    "connect_events": flag(),
    "count_messages": flag(),
    "custom_events": flag(),
    "delivery_events": flag(),
    "mark_messages_pending": flag(),
    "max_message_length": number(1, 20_000, "characters"),
    "message_retention": text(),
    "mutes": flag(),
    "polls": flag(),
    "push_level": choice("all", "all_mentions", "mentions", "direct_mentions", "none"),
    "push_notifications": flag(),
    "quotes": flag(),
    "reactions": flag(),
    "read_events": flag(),
    "reminders": flag(),
    "replies": flag(),
    "search": flag(),
    "shared_locations": flag(),
    "skip_last_msg_update_for_system_msgs": flag(),
    "typing_events": flag(),
    "uploads": flag(),
    "url_enrichment": flag(),
    "user_message_reminders": flag(),
}
"""Every field of a channel type's config."""

MAX_COOLDOWN_SECONDS: Final = 120
"""Longest slow mode of a channel."""

FLAGS: Final[frozenset[str]] = frozenset(name for name, leaf in CONFIG.items() if leaf.kind == "bool")
"""The feature flags; a channel may override each for itself."""


def merge_config(current: Settings, changes: Settings, field: str = "config") -> Settings:
    """Return the config after a write: what is sent replaces, field by field."""
    return {**current, **check_leaves(CONFIG, changes, field)}
