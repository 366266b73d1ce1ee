"""The soak asks and writes, and says what it saw."""

from __future__ import annotations

import json
from pathlib import Path

from bench.soak import main


def test_a_short_soak_sees_answers_and_writes_and_no_error(tmp_path: Path) -> None:
    file = tmp_path / "soak.json"

    assert main(["--minutes", "0.02", "--json", str(file)]) == 0

    result = json.loads(file.read_text(encoding="utf-8"))
    (minute,) = result["minutes"]
    assert result["errors"] == 0
    assert minute["answers"] > 0
    assert minute["writes"] == 60
    assert 0 < minute["p50"] <= minute["p99"] <= minute["longest"]
    assert result["per_second"] > 0
    assert result["share_of_a_core"] > 0
    assert result["memory_mb_least_to_most"][0] > 0
