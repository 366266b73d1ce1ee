"""Every error a caller can meet, as one tree; a leaf is a docstring, a reason and a message.

    RolecallError
    ├── InvalidInput          a field is malformed or names something unknown
    │   ├── UnknownPermission
    │   └── UnknownRole
    ├── NotFound              the thing named by the request does not exist
    ├── AlreadyExists
    ├── Precondition          in use, built in, wrong state
    ├── RevisionConflict      `expected_revision` is not the current one
    ├── OutOfRange            what to go on from is too new, or too long ago
    ├── Unauthenticated       no, bad, expired or revoked token; unknown key
    ├── Forbidden             the caller may not do this
    ├── OverLimit             over a limit, or out of room
    ├── Unavailable           index too old or not loaded, store gone
    └── Unsupported           not answered by this version

Transports map kinds to their codes in one table each; nothing below them knows codes. A deny is an answer, never one
of these.
"""

from __future__ import annotations

from typing import ClassVar


class RolecallError(Exception):
    """Root of the tree.

    `field` is the path of the request field at fault, empty when none is. `metadata` holds small machine-readable
    facts; never secrets or tokens.
    """

    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self, message: str, *, field: str = "", reason: str = "", metadata: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code_reason = reason or self.reason
        self.metadata = metadata or {}


class InvalidInput(RolecallError):
    """A field is malformed, out of range, or names something that does not exist."""

    reason = "INVALID_FIELD"


class UnknownPermission(InvalidInput):
    """A write grants a permission that is neither built in nor custom."""

    reason = "UNKNOWN_PERMISSION"

    def __init__(self, permission: str, nearest: tuple[str, ...], *, field: str) -> None:
        hint = f"; did you mean {' or '.join(f'`{name}`' for name in nearest)}?" if nearest else ""
        super().__init__(
            f'cannot use unknown permission "{permission}"{hint}',
            field=field,
            metadata={"permission": permission, "nearest": ",".join(nearest)},
        )


class UnknownRole(InvalidInput):
    """A write uses a role that is neither built in nor created."""

    reason = "UNKNOWN_ROLE"

    def __init__(self, role: str, *, field: str) -> None:
        super().__init__(f'role "{role}" does not exist', field=field, metadata={"role": role})


class NotFound(RolecallError):
    """What the request names does not exist."""

    reason = "NOT_FOUND"


class AlreadyExists(RolecallError):
    """What the request creates is there already."""

    reason = "ALREADY_EXISTS"


class Precondition(RolecallError):
    """The thing is in use, built in, or not in a state that allows this."""

    reason = "FAILED_PRECONDITION"


class RevisionConflict(RolecallError):
    """The thing has changed since the revision the writer expected."""

    reason = "REVISION_CONFLICT"


class OutOfRange(RolecallError):
    """There is nothing to go on from where the request says; it must begin anew."""

    reason = "REVISION_OUT_OF_RANGE"


class Unauthenticated(RolecallError):
    """The caller is not who a valid token and key say; `code_reason` tells which check failed."""

    reason = "UNAUTHENTICATED"


class Forbidden(RolecallError):
    """The caller is known and may not do this."""

    reason = "PERMISSION_DENIED"


class OverLimit(RolecallError):
    """A limit of the app, the request or the disk is reached."""

    reason = "LIMIT_EXCEEDED"


class Unavailable(RolecallError):
    """The answer can't be known now; asking again later may help."""

    reason = "UNAVAILABLE"


class Unsupported(RolecallError):
    """This version of Rolecall does not answer this."""

    reason = "UNIMPLEMENTED"
