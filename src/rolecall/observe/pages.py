"""Metrics pages of several workers as one page."""

from __future__ import annotations

from collections.abc import Mapping

_COMMENTS = ("# HELP ", "# TYPE ")


def merged(pages: Mapping[int, str]) -> str:
    """Return one page of all samples; each says by a label `worker` whose it is.

    Families stay whole and are described once, in the order in which they first come.
    """
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for worker, page in pages.items():
        family = ""
        for line in page.splitlines():
            if line.startswith(_COMMENTS):
                family = line.split(" ", 3)[2]
                head = heads.setdefault(family, [])
                samples.setdefault(family, [])
                if line not in head:
                    head.append(line)
            elif line:
                samples[family].append(_labelled(line, worker))
    return "".join(f"{line}\n" for family, head in heads.items() for line in (*head, *samples[family]))


def _labelled(sample: str, worker: int) -> str:
    """Add the label. A name holds neither brace nor space, so the first of them ends it."""
    label = f'worker="{worker}"'
    brace, space = sample.find("{"), sample.find(" ")
    if 0 <= brace < space:
        return f"{sample[: brace + 1]}{label},{sample[brace + 1 :]}"
    return f"{sample[:space]}{{{label}}}{sample[space:]}"
