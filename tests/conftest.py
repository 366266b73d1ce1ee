"""Settings of all tests: how hard hypothesis looks, and where their files are.

pytest tests/property                                  quick, what `make test` runs
pytest tests/property --hypothesis-profile=thorough    many more worlds, and failures are shrunk (minutes)
"""

from __future__ import annotations

import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, Phase, settings

# One example is a whole matrix of answers, so it may be slow and large; shrinking one takes minutes, and a failure
# names the question and the rows it is about anyway.
_MATRIX = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile(
    "quick",
    max_examples=60,
    deadline=None,
    suppress_health_check=_MATRIX,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    print_blob=True,
)
settings.register_profile("thorough", max_examples=600, deadline=None, suppress_health_check=_MATRIX, print_blob=True)
settings.load_profile("quick")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of a test process in a folder of its own with a short name: messages cut long paths."""
    if config.option.basetemp is None or hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="rolecall-")
        config.option.basetemp = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
