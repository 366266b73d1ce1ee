"""Tasks: what became of work that clients ask about later; each is written with the work itself."""

from __future__ import annotations

from rolecall.domain.errors import NotFound
from rolecall.domain.names import check_id, shown
from rolecall.domain.records import TaskRecord
from rolecall.service.administration.access import Access
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller


class Tasks:
    """Reads tasks."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def get(self, caller: Caller, task_id: str) -> TaskRecord:
        """Return one task; server-side only."""
        server_only(caller, "reading tasks")
        check_id(task_id, "id")
        async with self._access.read(caller) as (reader, _):
            task = await reader.task(task_id)
        if task is None:
            raise NotFound(f"task {shown(task_id)} does not exist", field="id", reason="TASK_NOT_FOUND")
        return task
