"""What is wrong with a configuration. Nothing here knows settings or sources."""

from __future__ import annotations

from collections.abc import Sequence


class Refused(ValueError):
    """A value is not of its kind; the text, which may be empty, adds why to what the kind takes."""


class ConfigError(Exception):
    """Everything that is wrong, one sentence a problem; each names the setting, its source and what would be right."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
