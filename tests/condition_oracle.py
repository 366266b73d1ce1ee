"""What conditions mean, once more: written from the product's rules and not from the code.

The raw JSON is walked anew for every question. Only for well-formed conditions.
The subject is a dict of `id`, `role` (acted with), `teams` (a list) and `custom` (an object); the resource of `id`,
`type`, `cid`, `team`, `created_by_id` and `custom`.
"""

from __future__ import annotations

from typing import Any

BUILT_IN = {
    "$subject": ("id", "role", "teams"),
    "$resource": ("id", "type", "cid", "team", "created_by_id"),
}


class _Missing:
    """A field that is not there."""


def holds(condition: dict[str, Any], subject: dict[str, Any], resource: dict[str, Any]) -> bool:
    """Whether a well-formed condition holds of a subject that acts on a resource."""
    for key, value in condition.items():
        if key == "$and":
            true = all(holds(each, subject, resource) for each in value)
        elif key == "$or":
            true = any(holds(each, subject, resource) for each in value)
        elif key == "$not":
            true = not holds(value, subject, resource)
        else:
            true = _field_holds(key, value, subject, resource)
        if not true:
            return False
    return True


def _field_holds(field: str, wanted: Any, subject: dict[str, Any], resource: dict[str, Any]) -> bool:
    value = _value(field, {"$subject": subject, "$resource": resource})
    operators = wanted if isinstance(wanted, dict) else {"$eq": wanted}
    if field == "$subject.role":
        operators = _role_spelled(operators)
    return _operators_hold(operators, value)


def _role_spelled(operand: Any) -> Any:
    if isinstance(operand, dict):
        return {name: _role_spelled(inner) for name, inner in operand.items()}
    if isinstance(operand, list):
        return [_role_spelled(inner) for inner in operand]
    return "call_member" if operand == "call-member" else operand


def _value(field: str, things: dict[str, dict[str, Any]]) -> Any:
    whose, _, path = field.partition(".")
    thing = things[whose]
    if path in BUILT_IN[whose]:
        return _Missing if thing[path] == "" else thing[path]
    value: Any = thing["custom"]
    for name in path.removeprefix("custom.").split("."):
        if not isinstance(value, dict) or name not in value:
            return _Missing
        value = value[name]
    return value


def _operators_hold(operators: dict[str, Any], value: Any) -> bool:
    for name, operand in operators.items():
        if name == "$not":
            true = not _operators_hold(operand, value)
        elif name == "$exists":
            true = (value is not _Missing) == operand
        elif value is _Missing or isinstance(value, dict):
            true = False
        elif isinstance(value, list | tuple | set | frozenset):
            some_or_all = all if name in ("$ne", "$nin") else any
            true = some_or_all(_compares(name, element, operand) for element in value)
        else:
            true = _compares(name, value, operand)
        if not true:
            return False
    return True


def _compares(name: str, value: Any, operand: Any) -> bool:
    """Compare one value, no list's whole, with an operand. An object or a list in a list compares with nothing."""
    if isinstance(value, dict | list):
        return False
    if name == "$in":
        return any(_compares("$eq", value, each) for each in operand)
    if name == "$nin":
        return all(_compares("$ne", value, each) for each in operand)
    if _kind(value) != _kind(operand):
        return False
    answers = {"$eq": value == operand, "$ne": value != operand}
    if _kind(value) != "boolean":
        answers |= {"$gt": value > operand, "$gte": value >= operand, "$lt": value < operand, "$lte": value <= operand}
    return bool(answers[name])


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "null"
