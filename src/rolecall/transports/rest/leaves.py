"""Settings and config between nested JSON and the domain's flat leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from rolecall.domain.errors import InvalidInput


def flattened(tree: Mapping[str, Any], known: Collection[str], *, within: str = "settings") -> dict[str, Any]:
    """Return the leaves of a tree that the domain knows, dotted path -> value; a null says nothing.

    What the domain does not know has no effect on any decision, so neither has a key with a dot: it is no path.
    InvalidInput when a value stands where a group of known leaves belongs; `within` is the request's field that holds
    the tree, "" for the whole body.
    """
    leaves: dict[str, Any] = {}
    if tree:
        _collect(leaves, tree, known, _groups(tuple(known)), "", within)
    return leaves


def _collect(
    leaves: dict[str, Any],
    tree: Mapping[str, Any],
    known: Collection[str],
    groups: frozenset[str],
    prefix: str,
    within: str,
) -> None:
    for name, value in tree.items():
        path = prefix + name
        if value is None or "." in name:
            continue
        if path in known:
            leaves[path] = tuple(value) if isinstance(value, list) else value
        elif path in groups:
            if not isinstance(value, Mapping):
                place = f"{within}.{path}" if within else path
                raise InvalidInput(f"`{place}` must be an object", field=place)
            _collect(leaves, value, known, groups, f"{path}.", within)


@lru_cache(maxsize=64)
def _groups(known: tuple[str, ...]) -> frozenset[str]:
    """Return the paths of the groups that leaves are in, by which a key that is nothing is passed over at once."""
    return frozenset(path[:place] for path in known for place, character in enumerate(path) if character == ".")


def nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Return leaves as a tree."""
    tree: dict[str, Any] = {}
    for path, value in leaves.items():
        *groups, name = path.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[name] = value
    return tree
