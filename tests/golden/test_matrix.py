"""The golden matrix still stands. When it should not: `python -m tests.golden.matrix --write`, and read the diff."""

from __future__ import annotations

from typing import Final

import pytest

from tests.golden.matrix import FOLDER, files

PAGES: Final = files()


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str) -> None:
    assert (FOLDER / name).read_text().splitlines() == PAGES[name].splitlines()


def test_there_is_a_page_for_every_built_in_type_and_no_other() -> None:
    assert {path.name for path in FOLDER.glob("*.txt")} == set(PAGES)
    assert len(PAGES) == 9
