"""UserService: the users of the app."""

from __future__ import annotations

from rolecall.api.v1 import user_pb2 as pb
from rolecall.domain.records import UserRecord
from rolecall.service.administration.changes import KEEP, Page
from rolecall.service.administration.checks import check_count
from rolecall.service.administration.users.values import UserChange
from rolecall.transports.convert import check_mask, custom_of, nanoseconds, struct, timestamp
from rolecall.transports.rpc import Context, Services

_MASKABLE = ("teams", "teams_role", "custom", "revoke_tokens_issued_before")


async def upsert_users(services: Services, context: Context, request: pb.UpsertUsersRequest) -> pb.UpsertUsersResponse:
    """Create users and change those that are there."""
    mask = check_mask(request.update_mask.paths, _MASKABLE)
    check_count(len(request.users), "users")
    changes = [_change(user, mask, f"users[{index}]") for index, user in enumerate(request.users)]
    users, revision = await services.administration.users.upsert(context.caller, changes)
    return pb.UpsertUsersResponse(users=map(_user, users), revision=revision)


async def get_user(services: Services, context: Context, request: pb.GetUserRequest) -> pb.GetUserResponse:
    """Get one user."""
    user, revision = await services.administration.users.get(context.caller, request.user_id)
    return pb.GetUserResponse(user=_user(user), revision=revision)


async def list_users(services: Services, context: Context, request: pb.ListUsersRequest) -> pb.ListUsersResponse:
    """List the users by id."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.users.list(context.caller, page)
    return pb.ListUsersResponse(
        users=map(_user, listing.items), next_page_token=listing.next_page_token, revision=listing.revision
    )


async def delete_users(services: Services, context: Context, request: pb.DeleteUsersRequest) -> pb.DeleteUsersResponse:
    """Delete users and their memberships; all of them or none."""
    check_count(len(request.user_ids), "user_ids")
    deletion = await services.administration.users.delete(context.caller, list(request.user_ids))
    return pb.DeleteUsersResponse(revision=deletion.revision)


def _change(user: pb.User, mask: frozenset[str], field: str) -> UserChange:
    revoked = user.HasField("revoke_tokens_issued_before")
    moment = f"{field}.revoke_tokens_issued_before"
    return UserChange(
        id=user.id,
        role=user.role if user.HasField("role") else KEEP,
        teams=tuple(user.teams) if user.teams or "teams" in mask else KEEP,
        teams_role=dict(user.teams_role) if user.teams_role or "teams_role" in mask else KEEP,
        custom=custom_of(user.custom, f"{field}.custom") if user.HasField("custom") or "custom" in mask else KEEP,
        banned=user.banned if user.HasField("banned") else KEEP,
        deactivated=user.deactivated if user.HasField("deactivated") else KEEP,
        revoke_tokens_issued_before=(
            nanoseconds(user.revoke_tokens_issued_before, moment)
            if revoked
            else None
            if "revoke_tokens_issued_before" in mask
            else KEEP
        ),
    )


def _user(user: UserRecord) -> pb.User:
    return pb.User(
        id=user.id,
        role=user.role,
        teams=user.teams,
        teams_role=dict(user.teams_role),
        custom=struct(user.custom),
        banned=user.banned,
        deactivated=user.deactivated,
        revoke_tokens_issued_before=timestamp(user.revoke_tokens_issued_before),
        created_at=timestamp(user.created_at),
        updated_at=timestamp(user.updated_at),
    )
