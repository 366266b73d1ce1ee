"""Tasks: what became of work that is asked about later. Rolecall has done it by then."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET, UnsetType

from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.surface import Time


class GetTaskResponse(Answer, kw_only=True):
    """A task; `result` says of each thing what became of it."""

    task_id: str
    status: str
    created_at: Time
    updated_at: Time
    result: dict[str, Any] | UnsetType = UNSET


async def get_task(exchange: Exchange) -> GetTaskResponse:
    """Get a task."""
    task = await exchange.administration.tasks.get(exchange.caller, exchange.path["id"])
    return GetTaskResponse(
        task_id=task.id,
        status=task.status,
        created_at=Time(task.created_at),
        updated_at=Time(task.updated_at),
        result=dict(task.result) or UNSET,
    )


OPERATIONS: Final = (
    Operation(
        "GetTask", "GET", ("/api/v2/tasks/{id}", "/tasks/{id}"), get_task, GetTaskResponse, "Get a task", tag="tasks"
    ),
)
