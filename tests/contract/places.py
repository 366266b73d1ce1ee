"""Where bad values go: every field of every good request, found by walking the descriptors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from rolecall.api.v1 import authorization_pb2
from tests.contract.bad_values import TEXT, VALUES, Odd
from tests.contract.good_requests import GOOD

_LEAVES: Final = {"google.protobuf.Timestamp", "google.protobuf.Struct", "google.protobuf.FieldMask"}
CALL_FACTS: Final = {"settings_override", "backstage", "starts_at", "ended"}
CHANNEL_FACTS: Final = {"frozen", "disabled", "cooldown", "config_override"}


class Place(NamedTuple):
    """One field of one good request: its path in errors, its row in the table, and how a value is put there."""

    good: str
    path: str
    row: str
    put: Callable[[Message, Any], None]

    def __str__(self) -> str:
        return f"{self.good} {self.path}"

    def request(self, value: Any) -> Message:
        """Return the good request with a value in this place."""
        request = type(GOOD[self.good])()
        request.CopyFrom(GOOD[self.good])
        self.put(request, value)
        return request


Reach = Callable[[Any], Any]


def places(good: str) -> Iterator[Place]:
    """Walk a request's descriptor down to everything that takes a value."""
    request = GOOD[good]
    yield from _walk(good, request.DESCRIPTOR, "", lambda message: message, _target(request))


def _target(request: Message) -> str:
    """Return which alternative of the target the request has; `app` for none."""
    if "target" not in request.DESCRIPTOR.oneofs_by_name:
        return "call" if isinstance(request, authorization_pb2.CheckAdmissionRequest) else ""
    return request.WhichOneof("target") or ("call" if "checks" in request.DESCRIPTOR.fields_by_name else "app")


def _skipped(field: FieldDescriptor, target: str) -> bool:
    """Tell whether a field belongs to another target than this request's; that has tests of its own."""
    if field.containing_oneof is not None and field.containing_oneof.name == "target":
        return field.name != target
    if field.containing_type is not None and field.containing_type.name == "Facts":
        return field.name in {"call": CHANNEL_FACTS, "channel": CALL_FACTS}.get(target, ())
    return field.name == "facts" and target == "app"


def _walk(good: str, message: Any, prefix: str, reach: Reach, target: str) -> Iterator[Place]:
    for field in message.fields:
        if _skipped(field, target):
            continue
        row, path, of = f"{message.name}.{field.name}", prefix + field.name, field.message_type
        if of is None:
            yield Place(good, path, row, _scalar(reach, field))
        elif of.GetOptions().map_entry:
            yield from _map(good, field, row, path, reach)
        elif of.full_name in _LEAVES:
            yield Place(good, path, row, _message(reach, field.name))
        elif of.name == "StringList":
            yield Place(good, path, row, _strings(reach, field.name))
        elif field.is_repeated:
            yield from _walk(good, of, f"{path}[0].", _first(reach, field.name), target)
        else:
            yield from _walk(good, of, f"{path}.", _inner(reach, field.name), target)


def _inner(reach: Reach, name: str) -> Reach:
    return lambda message: getattr(reach(message), name)


def _first(reach: Reach, name: str) -> Reach:
    def first(message: Any) -> Any:
        items = getattr(reach(message), name)
        return items[0] if items else items.add()

    return first


def _scalar(reach: Reach, field: FieldDescriptor) -> Callable[[Message, Any], None]:
    def put(message: Message, value: Any) -> None:
        if field.is_repeated:
            getattr(reach(message), field.name)[:] = [value]
        else:
            setattr(reach(message), field.name, value)

    return put


def _message(reach: Reach, name: str) -> Callable[[Message, Any], None]:
    def put(message: Message, value: Any) -> None:
        target = getattr(reach(message), name)
        target.CopyFrom(value)
        target.SetInParent()

    return put


def _strings(reach: Reach, name: str) -> Callable[[Message, Any], None]:
    return lambda message, value: getattr(reach(message), name).values.append(value)


def _map(good: str, field: FieldDescriptor, row: str, path: str, reach: Reach) -> Iterator[Place]:
    """Yield the keys and the values of a map, tried under a key and with a value that are right."""
    entry: Any = field.message_type
    holds_lists = entry.fields_by_name["value"].message_type is not None
    key = "user" if holds_lists else "red"

    def put_key(message: Message, value: Any) -> None:
        if holds_lists:
            getattr(reach(message), field.name)[value].SetInParent()
        else:
            getattr(reach(message), field.name)[value] = "user"

    def put_value(message: Message, value: Any) -> None:
        if holds_lists:
            getattr(reach(message), field.name)[key].permissions.append(value)
        else:
            getattr(reach(message), field.name)[key] = value

    yield Place(good, path, f"{row}<key>", put_key)
    yield Place(good, f"{path}.{key}", f"{row}<value>", put_value)


def values(place: Place) -> tuple[Odd, ...]:
    """Return what is tried in a place: its row, but for what is said of the field in this one place."""
    odds = VALUES[place.row]
    if "facts." in place.path and place.row == "LimitsSettings.max_participants_exclude_roles":
        return TEXT  # no decision looks at it
    if place.row.endswith("Request.user_id") and place.good == "BatchCheckCapabilities shared":
        return tuple(odd for odd in odds if odd.value)  # empty: that of the batch, or of the question
    return odds


def _moot(place: Place) -> bool:
    """Tell whether a batch says for all what its only question says for itself."""
    return (place.good, place.path) in {
        ("BatchCheckCapabilities own", "user_id"),
        ("BatchCheckCapabilities own", "call"),
        ("BatchCheckCapabilities channel", "user_id"),
    }


ALL: Final = [place for good in GOOD for place in places(good) if not _moot(place)]
TRIED: Final = [place for place in ALL if place.row in VALUES]
TEXTS: Final = [place for place in TRIED if any(isinstance(odd.value, str) for odd in VALUES[place.row])]
