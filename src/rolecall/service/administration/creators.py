"""Who makes a call or a channel: a server names the user by id or describes it, and that user is written with it."""

from __future__ import annotations

from rolecall.domain.errors import Forbidden, InvalidInput
from rolecall.domain.names import check_id
from rolecall.service.administration.changes import Keep
from rolecall.service.administration.permit import server_only
from rolecall.service.administration.users.merging import checked, put_users
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from rolecall.store import Transaction


def checked_creator(created_by_id: str | Keep, creator: UserChange | Keep, within: str) -> UserChange | Keep:
    """Return the user that is named as the creator, well formed; `within` is what holds the fields, as `data.`."""
    by_id, described = f"{within}created_by_id", f"{within}created_by"
    if isinstance(creator, Keep):
        return creator if isinstance(created_by_id, Keep) else UserChange(check_id(created_by_id, by_id))
    if not isinstance(created_by_id, Keep):
        raise InvalidInput(f"cannot set both {described} and {by_id}.", field=by_id)
    check_id(creator.id, f"{described}.id")
    return checked(creator, described)


async def put_creator(tx: Transaction, caller: Caller, creator: UserChange | Keep, within: str) -> str:
    """Return who makes something new, a user from now on; a user makes things for itself alone, and is not changed."""
    field = f"{within}created_by"
    if not caller.server_side:
        if not isinstance(creator, Keep) and creator.id != caller.user_id:
            server_only(caller, "naming another creator", field)
        if caller.anonymous:
            raise Forbidden("what an anonymous user creates would be owned by all of them", field=field)
        return caller.user_id
    if isinstance(creator, Keep):
        text = f"either {field} or {field}_id must be provided when using server side auth."
        raise InvalidInput(text, field=f"{field}_id")
    await put_users(tx, [creator], [field])
    return creator.id
