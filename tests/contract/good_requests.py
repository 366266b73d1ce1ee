"""A small world, a good request of each unary RPC about it, and everything that can be read of an app."""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.message import Message

from rolecall.api.v1 import (
    app_pb2,
    authorization_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    permission_pb2,
    role_pb2,
    user_pb2,
)
from rolecall.api.v1.core_pb2 import PermissionList
from tests.doors import Client

ASKED: Final[dict[str, Any]] = {"user_id": "ann", "capability": "send-audio"}
CALL: Final = "default:standup"
CHANNEL: Final = "messaging:general"
POLICY: Final = channel_type_pb2.Policy(
    name="Everyone reads",
    priority=5,
    resources=["ReadChannel"],
    roles=["*"],
    action=channel_type_pb2.POLICY_ACTION_ALLOW,
)

GOOD: Final[dict[str, Message]] = {
    "CheckCapability call": authorization_pb2.CheckCapabilityRequest(**ASKED, call=CALL),
    "CheckCapability channel": authorization_pb2.CheckCapabilityRequest(
        user_id="ann", channel=CHANNEL, capability="send-message"
    ),
    "CheckCapability app": authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="search-user"),
    "BatchCheckCapabilities own": authorization_pb2.BatchCheckCapabilitiesRequest(
        checks=[authorization_pb2.CheckCapabilityRequest(**ASKED, call=CALL)]
    ),
    "BatchCheckCapabilities shared": authorization_pb2.BatchCheckCapabilitiesRequest(
        user_id="ann", call=CALL, checks=[authorization_pb2.CheckCapabilityRequest(capability="send-audio")]
    ),
    "BatchCheckCapabilities channel": authorization_pb2.BatchCheckCapabilitiesRequest(
        channel=CHANNEL, checks=[authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="send-message")]
    ),
    "ListCapabilities call": authorization_pb2.ListCapabilitiesRequest(user_id="ann", call=CALL),
    "ListCapabilities channel": authorization_pb2.ListCapabilitiesRequest(user_id="ann", channel=CHANNEL),
    "ListRosterCapabilities": authorization_pb2.ListRosterCapabilitiesRequest(call=CALL),
    "ExplainCapability call": authorization_pb2.ExplainCapabilityRequest(**ASKED, call=CALL),
    "ExplainCapability channel": authorization_pb2.ExplainCapabilityRequest(
        user_id="ann", channel=CHANNEL, capability="send-message"
    ),
    "CheckAdmission": authorization_pb2.CheckAdmissionRequest(user_id="ann", call=CALL),
    "ListPermissions": permission_pb2.ListPermissionsRequest(),
    "GetPermission": permission_pb2.GetPermissionRequest(id="send-audio"),
    "CreatePermission": permission_pb2.CreatePermissionRequest(id="fresh", action="SendAudio"),
    "UpdatePermission": permission_pb2.UpdatePermissionRequest(id="mine"),
    "DeletePermission": permission_pb2.DeletePermissionRequest(id="mine"),
    "ListRoles": role_pb2.ListRolesRequest(),
    "CreateRole": role_pb2.CreateRoleRequest(name="fresh"),
    "DeleteRole": role_pb2.DeleteRoleRequest(name="unused"),
    "UpsertCallType": call_type_pb2.UpsertCallTypeRequest(name="hall"),
    "GetCallType": call_type_pb2.GetCallTypeRequest(name="hall"),
    "ListCallTypes": call_type_pb2.ListCallTypesRequest(),
    "DeleteCallType": call_type_pb2.DeleteCallTypeRequest(name="empty"),
    "UpsertChannelType": channel_type_pb2.UpsertChannelTypeRequest(name="hall", permissions=[POLICY]),
    "GetChannelType": channel_type_pb2.GetChannelTypeRequest(name="hall"),
    "ListChannelTypes": channel_type_pb2.ListChannelTypesRequest(),
    "DeleteChannelType": channel_type_pb2.DeleteChannelTypeRequest(name="empty"),
    "UpsertCall": call_pb2.UpsertCallRequest(cid=CALL, members=[call_pb2.CallMember(user_id="ann")]),
    "UpsertCall new": call_pb2.UpsertCallRequest(cid="default:new", members=[call_pb2.CallMember(user_id="ann")]),
    "GetCall": call_pb2.GetCallRequest(cid=CALL),
    "ListCalls": call_pb2.ListCallsRequest(),
    "DeleteCall": call_pb2.DeleteCallRequest(cid="default:spare"),
    "UpdateCallMembers": call_pb2.UpdateCallMembersRequest(
        cid=CALL, update_members=[call_pb2.CallMember(user_id="ann")], remove_members=["stranger"]
    ),
    "ListCallMembers": call_pb2.ListCallMembersRequest(cid=CALL),
    "UpdateUserPermissions": call_pb2.UpdateUserPermissionsRequest(
        cid=CALL,
        user_id="ann",
        grant_permissions=["send-audio"],
        revoke_permissions=["send-video"],
        reset_permissions=["screenshare"],
    ),
    "BlockUser": call_pb2.BlockUserRequest(cid=CALL, user_id="bob"),
    "UnblockUser": call_pb2.UnblockUserRequest(cid=CALL, user_id="bob"),
    "GoLive": call_pb2.GoLiveRequest(cid=CALL),
    "StopLive": call_pb2.StopLiveRequest(cid=CALL),
    "EndCall": call_pb2.EndCallRequest(cid=CALL),
    "UpsertChannel": channel_pb2.UpsertChannelRequest(cid=CHANNEL, members=[channel_pb2.ChannelMember(user_id="ann")]),
    "UpsertChannel new": channel_pb2.UpsertChannelRequest(
        cid="messaging:new", members=[channel_pb2.ChannelMember(user_id="ann")]
    ),
    "GetChannel": channel_pb2.GetChannelRequest(cid=CHANNEL),
    "ListChannels": channel_pb2.ListChannelsRequest(),
    "DeleteChannel": channel_pb2.DeleteChannelRequest(cid="messaging:spare"),
    "UpdateChannelMembers": channel_pb2.UpdateChannelMembersRequest(
        cid=CHANNEL, update_members=[channel_pb2.ChannelMember(user_id="ann")], remove_members=["stranger"]
    ),
    "ListChannelMembers": channel_pb2.ListChannelMembersRequest(cid=CHANNEL),
    "UpsertUsers": user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann")]),
    "UpsertUsers new": user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann"), user_pb2.User(id="fresh")]),
    "GetUser": user_pb2.GetUserRequest(user_id="ann"),
    "ListUsers": user_pb2.ListUsersRequest(),
    "DeleteUsers": user_pb2.DeleteUsersRequest(user_ids=["spare"]),
    "GetApp": app_pb2.GetAppRequest(),
    "UpdateApp": app_pb2.UpdateAppRequest(),
}
"""A name begins with the RPC's. Fields that are tried are put into a copy."""

READS: Final = ("Get", "List", "Check", "Batch", "Explain")
"""How the names of RPCs begin that change nothing whatever they are sent."""


def fill(client: Client) -> None:
    """Make the world that the good requests are about."""
    ids = ("ann", "bob", "spare")
    client(role_pb2.CreateRoleRequest(name="speaker"))
    client(role_pb2.CreateRoleRequest(name="unused"))
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=name) for name in ids]))
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="carol", role="speaker")]))
    for name in ("hall", "empty"):
        client(call_type_pb2.UpsertCallTypeRequest(name=name))
        client(channel_type_pb2.UpsertChannelTypeRequest(name=name))
    for permission_id in ("mine", "held"):
        client(permission_pb2.CreatePermissionRequest(id=permission_id, action="SendAudio"))
    held = {"speaker": PermissionList(permissions=["held"])}
    client(call_type_pb2.UpsertCallTypeRequest(name="hall", grants=held))
    for cid in (CALL, "default:spare", "hall:one"):
        members = [call_pb2.CallMember(user_id="ann", role="host"), call_pb2.CallMember(user_id="bob")]
        client(call_pb2.UpsertCallRequest(cid=cid, created_by_id="ann", members=members))
    for cid in (CHANNEL, "messaging:spare", "hall:one"):
        channel_members = [channel_pb2.ChannelMember(user_id="ann"), channel_pb2.ChannelMember(user_id="bob")]
        client(channel_pb2.UpsertChannelRequest(cid=cid, created_by_id="ann", members=channel_members))


def dump(client: Client) -> list[bytes]:
    """Return everything that can be read of an app."""
    requests: list[Message] = [
        app_pb2.GetAppRequest(),
        role_pb2.ListRolesRequest(),
        permission_pb2.ListPermissionsRequest(custom=True),
        call_type_pb2.ListCallTypesRequest(),
        channel_type_pb2.ListChannelTypesRequest(),
        user_pb2.ListUsersRequest(),
        call_pb2.ListCallsRequest(),
        channel_pb2.ListChannelsRequest(),
        call_pb2.ListCallMembersRequest(cid=CALL),
        channel_pb2.ListChannelMembersRequest(cid=CHANNEL),
        authorization_pb2.ListRosterCapabilitiesRequest(call=CALL),
    ]
    return [client(request).SerializeToString(deterministic=True) for request in requests]


def revision(client: Client) -> int:
    """Return the revision that questions are answered from."""
    question = authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="search-user")
    return int(client(question).revision)
