"""The garbage collector while very much is loaded."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from rolecall.app.collector import staying


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_stays_is_not_walked_while_it_is_made_nor_afterwards() -> None:
    before = gc.get_threshold()
    gc.unfreeze()
    with staying():
        assert gc.get_threshold()[:2] == before[:2], "what is new and not kept is still collected"
        assert gc.get_threshold()[2] > 1_000_000
        kept = [{"number": [number]} for number in range(1_000)]
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() > len(kept)


def test_what_ends_first_of_two_does_not_keep_the_other_s_bound() -> None:
    before = gc.get_threshold()
    first, second = staying(), staying()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before
