"""Settings and config between nested JSON and the domain's flat leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rolecall.domain.errors import InvalidInput


def flattened(
    tree: Mapping[str, Any], known: Collection[str], prefix: str = "", *, within: str = "settings"
) -> dict[str, Any]:
    """Return the leaves of a tree that the domain knows, dotted path -> value; a null says nothing.

    What the domain does not know has no effect on any decision. InvalidInput when a value stands where a group of
    known leaves belongs; `within` is the request's field that holds the tree, "" for the whole body.
    """
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        path = prefix + name
        if isinstance(value, Mapping) and path not in known:
            leaves |= flattened(value, known, f"{path}.", within=within)
        elif path in known and value is not None:
            leaves[path] = tuple(value) if isinstance(value, list) else value
        elif value is not None and any(leaf.startswith(f"{path}.") for leaf in known):
            place = f"{within}.{path}" if within else path
            raise InvalidInput(f"`{place}` must be an object", field=place)
    return leaves


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
