"""Pages of several workers as one."""

from __future__ import annotations

from rolecall.observe.pages import merged

FIRST = """# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x y{z} "} 1.0
a_total{kind="w"} 2.0
# HELP b Others.
# TYPE b gauge
b 3.0
"""
SECOND = """# HELP b Others.
# TYPE b gauge
b 4.0
# HELP c Late.
# TYPE c gauge
c 5.0
# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x y{z} "} 6.0
"""


def test_each_sample_says_whose_it_is_and_each_family_is_described_once() -> None:
    assert merged({0: FIRST, 3: SECOND}) == (
        "# HELP a_total Things.\n"
        "# TYPE a_total counter\n"
        'a_total{worker="0",kind="x y{z} "} 1.0\n'
        'a_total{worker="0",kind="w"} 2.0\n'
        'a_total{worker="3",kind="x y{z} "} 6.0\n'
        "# HELP b Others.\n"
        "# TYPE b gauge\n"
        'b{worker="0"} 3.0\n'
        'b{worker="3"} 4.0\n'
        "# HELP c Late.\n"
        "# TYPE c gauge\n"
        'c{worker="3"} 5.0\n'
    )


def test_nothing_is_nothing() -> None:
    assert merged({}) == ""
    assert merged({0: ""}) == ""
