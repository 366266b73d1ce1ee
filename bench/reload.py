"""How long others wait while a server loads everything again: a million grants.

A server does so when the change log no longer reaches back to what it knows, as after a long time without the disk.
Here somebody else changes the file and cuts the log in one transaction.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench.asker import Window, asking
from bench.client import Client
from bench.figures import Figure
from bench.fronts import FASTEST, FASTEST_NAME
from bench.lab import Lab
from bench.serving import serving
from bench.worlds import APP_ID
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.store.changes import USER

_QUIET_SECONDS: Final = 0.5
_AFTER_SECONDS: Final = 0.3
"""How long after it was seen a wait still counts: what was held before is dropped then."""

_PAUSE_SECONDS: Final = 0.02
_PATIENCE_SECONDS: Final = 60


class Step(NamedTuple):
    """One reload: when it was quiet, and when it worked."""

    before: Window
    during: Window


def measure(lab: Lab) -> list[Figure]:
    """Return the longest delay of an answer by a reload, and how long one takes."""
    path, spec = lab.copy("grants"), lab.scale.grants
    question = pb.CheckCapabilityRequest(user_id=spec.member(0, 0), call=spec.cid(0), capability="send-audio")
    with (
        serving(FASTEST, path, core=lab.cores.server) as server,
        asking(server.address, [question], lab.cores.load) as asker,
        Client(server.address) as client,
    ):
        _reload(client, path, question)  # the first only warms up
        steps = [_reload(client, path, question) for _ in range(lab.scale.reloads)]
    delays = [asker.waits.delay(step.before, step.during) for step in steps]
    seconds = [step.during.end - step.during.start - _AFTER_SECONDS for step in steps]
    quiet = [wait for step in steps for wait in asker.waits.during(step.before)]
    before = f"before it p50 {median(quiet):.2f} ms, longest {max(quiet):.1f} ms"
    note = f"median of the longest in each of {len(steps)}; longest of all {max(delays):.1f} ms; {before}"
    what = f"reload of {spec.grants:,} grants"
    return [
        Figure(
            f"longest delay of other answers by a {what}", median(delays), "ms", 20.0, note=f"{note}; {FASTEST_NAME}"
        ),
        Figure(
            what, median(seconds), "s", note=f"from the commit until an answer has it; slowest {max(seconds):.2f} s"
        ),
    ]


def _reload(client: Client, path: Path, question: pb.CheckCapabilityRequest) -> Step:
    time.sleep(_QUIET_SECONDS)
    started = time.monotonic()
    revision = _cut(path)
    while client.check(question.user_id, question.call, question.capability).revision < revision:
        assert time.monotonic() - started < _PATIENCE_SECONDS, "the change was never seen"
        time.sleep(_PAUSE_SECONDS)
    ended = time.monotonic()
    time.sleep(_AFTER_SECONDS)
    return Step(Window(started - _QUIET_SECONDS, started), Window(started, ended + _AFTER_SECONDS))


def _cut(path: Path) -> int:
    """Write another revision and leave only the last line of the change log; return the revision."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE apps SET revision = revision + 1 WHERE id = ?", (APP_ID,))
        revision = int(connection.execute("SELECT revision FROM apps WHERE id = ?", (APP_ID,)).fetchone()[0])
        for name in ("nobody", "nobody else"):
            row = (APP_ID, revision, USER, name)
            connection.execute("INSERT INTO changes (app_id, revision, kind, key, at) VALUES (?, ?, ?, ?, 0)", row)
        connection.execute("DELETE FROM changes WHERE seq < (SELECT max(seq) FROM changes)")
        connection.execute("COMMIT")
    return revision
