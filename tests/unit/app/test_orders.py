"""The line between a supervisor and a worker, and what a worker is told at its start."""

from __future__ import annotations

import socket

from rolecall.app.orders import LEAVE, Failed, Line, Post
from rolecall.app.place import Place
from rolecall.app.started import Dev, Started


def test_a_worker_reads_where_it_is() -> None:
    post = Post(Place(3, 8, "/own", envoy=True), 7, "/here")
    assert Post.of({"OTHER": "1", **post.as_environment()}) == post


async def _ends() -> tuple[Line, Line]:
    one, other = socket.socketpair()
    return await Line.open(one), await Line.open(other)


async def test_what_is_said_is_heard_in_order() -> None:
    worker, supervisor = await _ends()
    started = Started(("a:1", "b:2"), None, 3, Dev("dev", "key", None, "token"))
    await worker.started(started)
    await worker.failed(Failed("no `store`", "db"))
    word, more = await supervisor.hear()
    assert (word, Started.of_json(more)) == ("started", started)
    assert await supervisor.hear() == ("failed", {"message": "no `store`", "field": "db"})
    await supervisor.say(LEAVE)
    assert await worker.hear() == (LEAVE, None)
    worker.close()
    supervisor.close()


async def test_an_end_that_is_gone_is_heard_and_told_nothing() -> None:
    worker, supervisor = await _ends()
    supervisor.close()
    assert await worker.hear() == ("", None)
    await worker.say("left")
    worker.close()
