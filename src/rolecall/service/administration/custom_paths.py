"""Changes of single keys deep in a customer's own data: a key such as `theme.color` leads into an object."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import shown
from rolecall.domain.records import Custom
from rolecall.service.administration.changes import Merge


def changed_at_paths(stored: Custom, change: Merge, field: str) -> Custom:
    """Return data after a change, first without what it takes away; objects on the way to a key are made.

    InvalidInput when something else than an object is on the way.
    """
    tree: dict[str, Any] = deepcopy(dict(stored))
    for path in change.unset:
        _take(tree, _keys(path, field))
    for path, value in change.set.items():
        _put(tree, _keys(path, field), deepcopy(value), f"{field}.{path}")
    return tree


def _keys(path: str, field: str) -> list[str]:
    keys = path.split(".")
    if len(keys) > 1 and not all(keys):
        raise InvalidInput(f"`{field}`: {shown(path)} has an empty key", field=f"{field}.{path}")
    return keys


def _take(tree: dict[str, Any], keys: list[str]) -> None:
    *groups, name = keys
    branch: Any = tree
    for group in groups:
        branch = branch.get(group) if isinstance(branch, dict) else None
    if isinstance(branch, dict):
        branch.pop(name, None)


def _put(tree: dict[str, Any], keys: list[str], value: Any, field: str) -> None:
    *groups, name = keys
    branch: Any = tree
    for group in groups:
        branch = branch.setdefault(group, {})
        if not isinstance(branch, dict):
            raise InvalidInput(f"{shown(field)}: what is at {shown(group)} is no object", field=field)
    branch[name] = value
