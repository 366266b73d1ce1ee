"""How a test says that something is refused: the kind of error, the field at fault, the machine-readable reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rolecall.domain.errors import Forbidden, RolecallError


@contextmanager
def refused(
    kind: type[RolecallError], *, field: str | None = None, reason: str = "", text: str = ""
) -> Iterator[pytest.ExceptionInfo[RolecallError]]:
    """Expect an error of exactly this kind, which is told of once the block has ended."""
    with pytest.raises(RolecallError) as caught:
        yield caught
    error = caught.value
    assert type(error) is kind, error
    assert field is None or error.field == field, error
    assert not reason or error.code_reason == reason, error
    assert text in error.message, error


@contextmanager
def denied(action: str, scope: str, reason: str = "NO_GRANT") -> Iterator[None]:
    """Expect the refusal of a user that may not do an action."""
    with pytest.raises(Forbidden) as caught:
        yield
    assert caught.value.metadata == {"action": action, "scope": scope, "reason": reason}
