"""One table: which gRPC code each kind of error has, and its details on the wire."""

from __future__ import annotations

from typing import Final, NamedTuple

from google.rpc import code_pb2, error_details_pb2, status_pb2

from rolecall.domain.errors import (
    AlreadyExists,
    Forbidden,
    InvalidInput,
    NotFound,
    OutOfRange,
    OverLimit,
    Precondition,
    RevisionConflict,
    RolecallError,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from rolecall.domain.names import printable, shown

DOMAIN: Final = "rolecall"
_LONGEST_MESSAGE: Final = 900
_LONGEST_FIELD: Final = 300

CODES: Final[dict[type[RolecallError], int]] = {
    InvalidInput: code_pb2.INVALID_ARGUMENT,
    NotFound: code_pb2.NOT_FOUND,
    AlreadyExists: code_pb2.ALREADY_EXISTS,
    Precondition: code_pb2.FAILED_PRECONDITION,
    RevisionConflict: code_pb2.ABORTED,
    OutOfRange: code_pb2.OUT_OF_RANGE,
    Unauthenticated: code_pb2.UNAUTHENTICATED,
    Forbidden: code_pb2.PERMISSION_DENIED,
    OverLimit: code_pb2.RESOURCE_EXHAUSTED,
    Unavailable: code_pb2.UNAVAILABLE,
    Unsupported: code_pb2.UNIMPLEMENTED,
}
"""Kind of error -> canonical code; leaves take the code of their kind."""


class Failure(NamedTuple):
    """An error as the wire carries it."""

    code: int
    message: str
    reason: str
    field: str
    metadata: dict[str, str]

    @property
    def name(self) -> str:
        """The code's name: `NOT_FOUND`."""
        return str(code_pb2.Code.Name(self.code))

    def status(self) -> status_pb2.Status:
        """Return the rich status: ErrorInfo always, BadRequest when a field is at fault."""
        status = status_pb2.Status(code=self.code, message=self.message)
        info = error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=self.metadata)
        status.details.add().Pack(info)
        if self.field:
            violation = error_details_pb2.BadRequest.FieldViolation(
                field=self.field, description=self.message, reason=self.reason
            )
            status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
        return status


def code_of(error: RolecallError) -> int:
    """Return the code of an error by its nearest kind."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def failure_of(error: RolecallError) -> Failure:
    """Return a known error as the wire carries it: short enough for a trailer, without control characters."""
    return Failure(
        code_of(error),
        _short(error.message, _LONGEST_MESSAGE),
        error.code_reason,
        _short(error.field, _LONGEST_FIELD),
        {name: _short(value, _LONGEST_FIELD) for name, value in error.metadata.items()},
    )


def _short(text: str, limit: int) -> str:
    escaped = printable(text[:limit])
    return escaped if len(text) <= limit and len(escaped) <= limit else escaped[: limit - 3] + "..."


def method_unknown(path: str) -> Failure:
    """Return what a caller hears who asks for a method that there is not."""
    return Failure(code_pb2.UNIMPLEMENTED, f"there is no method {shown(path)}", "METHOD_UNKNOWN", "", {})


def unforeseen(incident: str) -> Failure:
    """Return what a caller hears of an unforeseen error: a fixed text and an id; the cause goes to the log only."""
    return Failure(
        code_pb2.INTERNAL,
        f"internal error; the server's log tells more under incident {incident}",
        "INTERNAL",
        "",
        {"incident_id": incident},
    )
