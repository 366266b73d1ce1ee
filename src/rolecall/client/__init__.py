"""The Python client of Rolecall: questions, watches, and deciders that answer from memory.

Knows the generated code and gRPC, and nothing of the server.
"""

from rolecall.client.aio import AsyncClient
from rolecall.client.decider import AsyncLocalDecider, LocalDecider
from rolecall.client.errors import (
    Aborted,
    AlreadyExists,
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    RolecallClientError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from rolecall.client.settings import Backoff, Clock, tls
from rolecall.client.sync import Client
from rolecall.client.tokens import server_token, server_tokens, user_token
from rolecall.client.values import (
    Admission,
    Capabilities,
    Change,
    Check,
    CheckError,
    Explanation,
    Member,
    Step,
    Verdict,
)
from rolecall.client.watch import Watch
from rolecall.client.watch_aio import AsyncWatch

__all__ = [
    "Aborted",
    "Admission",
    "AlreadyExists",
    "AsyncClient",
    "AsyncLocalDecider",
    "AsyncWatch",
    "Backoff",
    "Cancelled",
    "Capabilities",
    "Change",
    "Check",
    "CheckError",
    "Client",
    "Clock",
    "DeadlineExceeded",
    "Explanation",
    "FailedPrecondition",
    "Internal",
    "InvalidArgument",
    "LocalDecider",
    "Member",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "ResourceExhausted",
    "RolecallClientError",
    "Step",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Verdict",
    "Watch",
    "server_token",
    "server_tokens",
    "tls",
    "user_token",
]
