"""The doors' tests once more, behind Envoy: a module here names the tests, and every server it starts is an Envoy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.doors import behind


@pytest.fixture(scope="module", autouse=True)
def front() -> Iterator[None]:
    with behind("envoy"):
        yield
