"""Which thread is made a batch thread, and when it is not one."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="batch threads are Linux's")

STRANGER = """
import _thread, os, threading
from rolecall.app.handover import Handover

def run(told, wait):  # as a thread of somebody else's: one that Python's threading does not know
    told.append(threading.get_native_id())
    begun.release()
    wait.acquire()

begun, wait, told = threading.Semaphore(0), _thread.allocate_lock(), []
wait.acquire()
for _ in range(COUNT):
    _thread.start_new_thread(run, (told, wait))
    begun.acquire()
ours = threading.Thread(target=wait.acquire, daemon=True)
ours.start()
handover = Handover()
seen = []
def look():
    seen.append([os.sched_getscheduler(thread) for thread in told])
    assert os.sched_getscheduler(ours.native_id) == os.sched_getscheduler(os.getpid()) == os.SCHED_OTHER
with handover.loading():
    look()
BEFORE
handover.begin()
look()
with handover.loading(), handover.loading():
    look()
look()
print(seen)
"""
OTHER, BATCH, IDLE = 0, 3, 5


def seen(count: int = 1, before: str = "") -> str:
    script = STRANGER.replace("COUNT", str(count)).replace("BEFORE", before)
    return subprocess.check_output([sys.executable, "-c", script], text=True, timeout=60).strip()


def test_it_is_one_but_while_very_much_is_loaded() -> None:
    assert seen() == str([[OTHER], [BATCH], [OTHER], [BATCH]])


def test_of_several_none_is() -> None:
    assert seen(2) == str([[OTHER, OTHER]] * 4)
    assert seen(0) == str([[]] * 4)


def test_one_that_is_scheduled_otherwise_is_left_as_it_is() -> None:
    idle = "os.sched_setscheduler(told[0], os.SCHED_IDLE, os.sched_param(0))"
    assert seen(before=idle) == str([[OTHER], [IDLE], [IDLE], [IDLE]])
