"""What a call can fail with, as one tree, read from what gRPC raises. When to try again is decided elsewhere.

RolecallClientError
├── Unavailable           no server, or one that can't answer now
│   └── DeadlineExceeded  no answer in time
├── Unauthenticated       no, bad, expired or revoked token; unknown key
├── PermissionDenied      the caller may not do this
├── InvalidArgument       a field is wrong; `field` says which
├── NotFound
├── AlreadyExists
├── FailedPrecondition    in use, built in, wrong state
├── Aborted               `expected_revision` is not the current one
├── ResourceExhausted     over a limit
├── OutOfRange            a watch can't go on from this revision
├── Unimplemented         not answered by this version of the server
├── Cancelled             the client was closed
└── Internal              anything else; `metadata["incident_id"]` names it in the server's log
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2

_DETAILS: Final = "grpc-status-details-bin"


class RolecallClientError(Exception):
    """Root of the tree.

    `reason` is the server's, such as `UNKNOWN_CAPABILITY`, and empty when the error is not from a server of Rolecall's.
    `field` is the path of the field at fault, if one is.
    """

    code: ClassVar[str] = "UNKNOWN"

    def __init__(
        self, message: str, *, reason: str = "", field: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.field = field
        self.metadata = dict(metadata or {})

    @property
    def request_id(self) -> str:
        """The id under which the call stands in the server's log; empty when no server took it."""
        return self.metadata.get("request_id", "")

    def copy(self) -> RolecallClientError:
        """Return another of the same, to be raised elsewhere."""
        twin = type(self)(self.message, reason=self.reason, field=self.field, metadata=self.metadata)
        twin.__cause__ = self.__cause__
        return twin

    def __str__(self) -> str:
        told = ", ".join(part for part in (self.reason, f"field `{self.field}`" if self.field else "") if part)
        return f"{self.code}: {self.message}" + (f" ({told})" if told else "")


class Unavailable(RolecallClientError):
    """No server, or one that can't answer now; a read may be tried again."""

    code = "UNAVAILABLE"


class DeadlineExceeded(Unavailable):
    """No answer in time. A write may have been made."""

    code = "DEADLINE_EXCEEDED"


class Unauthenticated(RolecallClientError):
    """No, bad, expired or revoked token; unknown key."""

    code = "UNAUTHENTICATED"


class PermissionDenied(RolecallClientError):
    """The caller may not do this."""

    code = "PERMISSION_DENIED"


class InvalidArgument(RolecallClientError):
    """A field of the request is wrong, `field`."""

    code = "INVALID_ARGUMENT"


class NotFound(RolecallClientError):
    """What the request names does not exist."""

    code = "NOT_FOUND"


class AlreadyExists(RolecallClientError):
    """It is there already."""

    code = "ALREADY_EXISTS"


class FailedPrecondition(RolecallClientError):
    """In use, built in, or in the wrong state."""

    code = "FAILED_PRECONDITION"


class Aborted(RolecallClientError):
    """`expected_revision` is not the current one."""

    code = "ABORTED"


class ResourceExhausted(RolecallClientError):
    """Over a limit."""

    code = "RESOURCE_EXHAUSTED"


class OutOfRange(RolecallClientError):
    """A watch can't go on from this revision."""

    code = "OUT_OF_RANGE"


class Unimplemented(RolecallClientError):
    """This version of the server does not answer this."""

    code = "UNIMPLEMENTED"


class Cancelled(RolecallClientError):
    """The client was closed, or the call ended by it."""

    code = "CANCELLED"


class Internal(RolecallClientError):
    """Anything unforeseen."""

    code = "INTERNAL"


_KINDS: Final[dict[str, type[RolecallClientError]]] = {
    kind.code: kind
    for kind in (
        Unavailable,
        DeadlineExceeded,
        Unauthenticated,
        PermissionDenied,
        InvalidArgument,
        NotFound,
        AlreadyExists,
        FailedPrecondition,
        Aborted,
        ResourceExhausted,
        OutOfRange,
        Unimplemented,
        Cancelled,
        Internal,
    )
}


def named(code: str) -> type[RolecallClientError]:
    """Return the class of a code's name; one that has none is Internal."""
    return _KINDS.get(code, Internal)


def numbered(code: int) -> type[RolecallClientError]:
    """Return the class of a code's number."""
    return named(code_pb2.Code.Name(code) if code in code_pb2.Code.values() else "")


def of_rpc(error: Any) -> RolecallClientError:
    """Return what gRPC raised, `grpc.RpcError` or `grpc.aio.AioRpcError`, as one of ours."""
    code: grpc.StatusCode | None = error.code()
    message = error.details() or ""
    reason, field, metadata = _details(error.trailing_metadata())
    kind = named(code.name if code is not None else "")
    return kind(message or kind.code, reason=reason, field=field, metadata=metadata)


def _details(trailers: Any) -> tuple[str, str, dict[str, str]]:
    """Return the reason, the field and the metadata that the server told, empty where it told none."""
    status = status_pb2.Status()
    for name, value in trailers or ():
        if name == _DETAILS:
            status.MergeFromString(value)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        if not detail.Unpack(info):
            detail.Unpack(bad)
    field = bad.field_violations[0].field if bad.field_violations else ""
    return info.reason, field, dict(info.metadata)
