"""What a command tells on stderr instead of a result, and the exit codes. No command, no wire here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rolecall.domain.errors import InvalidInput, NotFound, RolecallError

OK: Final = 0
FAILED: Final = 1
BAD_INPUT: Final = 2
DENIED: Final = 3
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
"""What shells report of a program whose reader has gone: 128 and SIGPIPE."""


class Problem(Exception):
    """Ends a command: each text is a line that begins with `error: `, the hint says what to do."""

    def __init__(self, text: str, *more: str, hint: str = "", exit_code: int = FAILED) -> None:
        super().__init__(text)
        self.texts: Sequence[str] = (text, *more)
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        lines = [f"error: {text}" for text in self.texts]
        return "\n".join([*lines, f"hint: {self.hint}"] if self.hint else lines)


def bad_input(text: str, hint: str = "") -> Problem:
    """Make the problem of an argument that can't be right."""
    return Problem(text, hint=hint, exit_code=BAD_INPUT)


def of_error(error: RolecallError) -> Problem:
    """Return an error of the service as a problem."""
    exit_code = BAD_INPUT if isinstance(error, (InvalidInput, NotFound)) else FAILED
    return Problem(with_field(error.message, error.field), exit_code=exit_code)


def with_field(message: str, field: str) -> str:
    """Return a message that names the field at fault, once."""
    return message if not field or f"`{field}`" in message else f"{message} (field `{field}`)"
