"""Users: written whole or field by field, searched and deleted."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import shown
from rolecall.service.administration.checks import check_count
from rolecall.service.administration.users.values import UserQuery
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.many import written
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.bounded import BOUNDED, Texts
from rolecall.transports.rest.shapes.partial_user import UpdateUserPartialRequest, partial_user_change
from rolecall.transports.rest.shapes.user import FullUser, User, UserRequest, full_user, user, user_change

_TAG: Final = "users"
_ALL: Final = ("/api/v2/users", "/users")
_DELETE: Final = ("/api/v2/users/delete", "/users/delete")
_MOST: Final = 100
_BOUNDS: Final = ("id_gt", "id_gte", "id_lt", "id_lte")

Hardness = Literal["soft", "pruning", "hard"]


class UpdateUsersRequest(msgspec.Struct, kw_only=True):
    """Users by id, which each of them repeats.

    A user that is there keeps its role, teams and settings where they are left out; custom data, name and image are
    replaced, also by nothing.
    """

    users: Annotated[dict[str, dict[str, Any]], BOUNDED]


class UpdateUsersPartialRequest(msgspec.Struct, kw_only=True):
    """Changes of users that are there."""

    users: Annotated[list[UpdateUserPartialRequest], BOUNDED]


class UpdateUsersResponse(Answer, kw_only=True):
    """The users that were written, by id."""

    users: dict[str, FullUser]
    membership_deletion_task_id: str = ""


class SortParam(msgspec.Struct, kw_only=True):
    """A field to sort by: direction 1 is ascending, -1 descending."""

    field: str
    direction: int = 1


class QueryUsersPayload(msgspec.Struct, kw_only=True):
    """Which users to find; null says nothing, and `presence` has no effect."""

    filter_conditions: dict[str, Any] | None = None
    sort: list[SortParam] | None = None
    limit: int | None = None
    offset: int | None = None
    id_gt: str | None = None
    id_gte: str | None = None
    id_lt: str | None = None
    id_lte: str | None = None
    include_deactivated_users: bool | None = None
    presence: bool | None = None
    user_id: str | None = None
    user: UserRequest | None = None


class QueryUsersResponse(Answer):
    """Users found."""

    users: list[FullUser]


class DeleteUsersRequest(msgspec.Struct, kw_only=True):
    """Users to delete, with their memberships. How thorough to be has no effect: they are gone at once.

    What they have created becomes the new owners' where one is named. Events tell of the first 1,000 calls and channels
    that this changes. Deleted users are made anew by servers only.
    """

    user_ids: Texts
    user: Hardness | None = None
    messages: Hardness | None = None
    conversations: Literal["soft", "hard"] | None = None
    calls: Literal["soft", "hard"] | None = None
    files: bool | None = None
    new_call_owner_id: str | None = None
    new_channel_owner_id: str | None = None


class DeleteUsersResponse(Answer):
    """The task to ask about."""

    task_id: str


class DeleteUserResponse(Answer):
    """The user as it was."""

    user: User


async def update_users(exchange: Exchange) -> UpdateUsersResponse:
    """Create users and change those that are there."""
    body: UpdateUsersRequest = exchange.body
    check_count(len(body.users), "users", _MOST)
    fields = [f"users.{name}" for name in body.users]
    changes = [
        user_change(exchange.surface, sent, field, whole=True)
        for sent, field in zip(body.users.values(), fields, strict=True)
    ]
    for name, change in zip(body.users, changes, strict=True):
        if name != change.id:
            raise InvalidInput(f"user {shown(change.id)} stands at {shown(name)} in `users`", field=f"users.{name}.id")
    records, _ = await exchange.administration.users.upsert(exchange.caller, changes, fields)
    return UpdateUsersResponse(users={record.id: full_user(exchange.surface, record) for record in records})


async def update_users_partial(exchange: Exchange) -> UpdateUsersResponse:
    """Change single fields of users."""
    body: UpdateUsersPartialRequest = exchange.body
    check_count(len(body.users), "users", _MOST)
    changes = [
        partial_user_change(exchange.surface, asked, f"users[{place}]") for place, asked in enumerate(body.users)
    ]
    records, _ = await exchange.administration.users.update(exchange.caller, changes)
    return UpdateUsersResponse(users={record.id: full_user(exchange.surface, record) for record in records})


async def query_users(exchange: Exchange) -> QueryUsersResponse:
    """Search users."""
    payload: QueryUsersPayload = exchange.payload
    query = UserQuery(
        conditions=payload.filter_conditions or {},
        sort=[msgspec.to_builtins(one) for one in payload.sort or ()],
        limit=payload.limit or 0,
        offset=payload.offset or 0,
        deactivated=bool(payload.include_deactivated_users),
        ids={name: bound for name in _BOUNDS if (bound := getattr(payload, name)) is not None},
    )
    records = await exchange.administration.users.query(exchange.caller, query)
    return QueryUsersResponse(
        users=await written(exchange.surface, records, lambda record: full_user(exchange.surface, record))
    )


async def delete_users(exchange: Exchange) -> DeleteUsersResponse:
    """Delete users."""
    body: DeleteUsersRequest = exchange.body
    check_count(len(body.user_ids), "user_ids", _MOST)
    deletion = await exchange.administration.users.delete(
        exchange.caller,
        body.user_ids,
        new_call_owner_id=body.new_call_owner_id or "",
        new_channel_owner_id=body.new_channel_owner_id or "",
    )
    return DeleteUsersResponse(task_id=deletion.task_id)


async def delete_user(exchange: Exchange) -> DeleteUserResponse:
    """Delete one user."""
    user_id = exchange.path["id"]
    deletion = await exchange.administration.users.delete(exchange.caller, [user_id])
    return DeleteUserResponse(user=user(exchange.surface, deletion.users[0], user_id))


OPERATIONS: Final = (
    Operation(
        "UpdateUsers",
        "POST",
        _ALL,
        update_users,
        UpdateUsersResponse,
        "Create or replace users",
        201,
        UpdateUsersRequest,
        tag=_TAG,
        needs=("UpdateUser",),
    ),
    Operation(
        "UpdateUsersPartial",
        "PATCH",
        _ALL,
        update_users_partial,
        UpdateUsersResponse,
        "Change fields of users",
        body=UpdateUsersPartialRequest,
        tag=_TAG,
        needs=("UpdateUser",),
    ),
    Operation(
        "QueryUsers",
        "GET",
        _ALL,
        query_users,
        QueryUsersResponse,
        "Search users",
        payload=QueryUsersPayload,
        tag=_TAG,
        needs=("SearchUser",),
    ),
    Operation(
        "DeleteUsers",
        "POST",
        _DELETE,
        delete_users,
        DeleteUsersResponse,
        "Delete users",
        201,
        DeleteUsersRequest,
        tag=_TAG,
    ),
    Operation("DeleteUser", "DELETE", ("/users/{id}",), delete_user, DeleteUserResponse, "Delete a user", tag=_TAG),
)
