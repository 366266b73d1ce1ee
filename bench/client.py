"""Questions and writes over gRPC, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self

import grpc

from bench.worlds import KEY, SECRET
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import call_pb2, user_pb2
from rolecall.service.callers import make_token

CHECK: Final = "/rolecall.api.v1.AuthorizationService/CheckCapability"
LIST: Final = "/rolecall.api.v1.AuthorizationService/ListCapabilities"
STREAM: Final = "/rolecall.api.v1.AuthorizationService/StreamCheckCapabilities"
WATCH: Final = "/rolecall.api.v1.AuthorizationService/WatchCapabilities"
BATCH: Final = "/rolecall.api.v1.AuthorizationService/BatchCheckCapabilities"
PERMIT: Final = "/rolecall.api.v1.CallService/UpdateUserPermissions"
UPSERT_USERS: Final = "/rolecall.api.v1.UserService/UpsertUsers"
UPSERT_CALL_TYPE: Final = "/rolecall.api.v1.CallTypeService/UpsertCallType"
UPDATE_APP: Final = "/rolecall.api.v1.AppService/UpdateApp"
METADATA: Final = (("x-api-key", KEY), ("authorization", make_token(SECRET, {})))
_OPTIONS: Final = (("grpc.max_receive_message_length", -1),)  # reports of migrations can be large
_SECONDS: Final = 30


class Client:
    """A connection to one server, as the app's own server."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def send(self, path: str, body: bytes) -> bytes:
        """Call a method with the bytes of its request and return those of its response."""
        method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(path)
        return method(body, metadata=METADATA, timeout=_SECONDS)

    def stream(self, path: str, bodies: Iterable[bytes]) -> Iterator[bytes]:
        """Call a method with a stream of requests and return its responses as they come."""
        method: grpc.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(path)
        return iter(method(iter(bodies), metadata=METADATA, timeout=_SECONDS))

    def check(self, user_id: str, call: str, capability: str) -> pb.CheckCapabilityResponse:
        """Ask one question."""
        request = pb.CheckCapabilityRequest(user_id=user_id, call=call, capability=capability)
        return pb.CheckCapabilityResponse.FromString(self.send(CHECK, request.SerializeToString()))

    def batch(self, request: pb.BatchCheckCapabilitiesRequest) -> pb.BatchCheckCapabilitiesResponse:
        """Ask many questions; each must have an answer."""
        response = pb.BatchCheckCapabilitiesResponse.FromString(self.send(BATCH, request.SerializeToString()))
        assert len(response.results) == len(request.checks)
        assert all(result.HasField("result") for result in response.results)
        return response

    def upsert_user(self, user_id: str, role: str) -> None:
        """Write one user."""
        request = user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=user_id, role=role)])
        self.send(UPSERT_USERS, request.SerializeToString())

    def permit(self, user_id: str, call: str, *, revoke: str = "", reset: str = "") -> int:
        """Revoke a capability of one user on a call, or leave it to the roles again; return the revision."""
        request = call_pb2.UpdateUserPermissionsRequest(
            cid=call,
            user_id=user_id,
            revoke_permissions=[revoke] if revoke else [],
            reset_permissions=[reset] if reset else [],
        )
        body = self.send(PERMIT, request.SerializeToString())
        return call_pb2.UpdateUserPermissionsResponse.FromString(body).revision
