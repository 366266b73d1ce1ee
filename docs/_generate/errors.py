"""The error reference: kinds, codes and reasons of errors, and the reasons of decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from google.protobuf.descriptor_pb2 import EnumDescriptorProto
from google.rpc import code_pb2

from docs._generate import protos, reasons
from docs._generate.markdown import code, page, table
from rolecall.domain.errors import RolecallError
from rolecall.transports.codes import CODES, DOMAIN

_INTRO: Final = f"""
A deny is an answer, never an error. An error says that there is no answer. It has a gRPC code, a text for people, and
in the status details (`grpc-status-details-bin`)

- `google.rpc.ErrorInfo`: `reason` as below, `domain` `{DOMAIN}`, and `metadata` with small facts, such as the
  permission ids nearest to a mistyped one, and always `request_id`: the call's `x-request-id`, or one made up, under
  which the call stands in the server's log;
- `google.rpc.BadRequest` with the path of the field, when one is at fault.

In a batch, an item that can't be answered carries the same code and reason in its `ItemError`. Programs should look at
the code and the reason; texts may change.
"""

_UNFORESEEN: Final = """
Anything unforeseen is INTERNAL with a fixed text and an incident id (`metadata.incident_id`); the cause stands in the
server's log and nowhere else. gRPC itself adds DEADLINE_EXCEEDED, CANCELLED, and RESOURCE_EXHAUSTED for
a message that is too large or a call over `max_concurrent_rpcs`.
"""

_ADVICE: Final = {
    "INVALID_ARGUMENT": "mend the request",
    "NOT_FOUND": "mend the request, or create the thing",
    "ALREADY_EXISTS": "use what is there",
    "FAILED_PRECONDITION": "change the state first",
    "ABORTED": "read, decide and write again",
    "OUT_OF_RANGE": "begin anew, from 0",
    "UNAUTHENTICATED": "get a new token",
    "PERMISSION_DENIED": "leave it, or use a server-side token",
    "RESOURCE_EXHAUSTED": "back off, or make room",
    "UNAVAILABLE": "try again later, and don't allow meanwhile",
    "UNIMPLEMENTED": "wait for a later version",
}


def build() -> str:
    """Return the page."""
    return page(
        "Errors and reasons",
        _INTRO,
        "## Kinds and codes",
        table(["kind", "gRPC code", "number", "when", "what a client does"], _kinds()),
        _UNFORESEEN,
        "## Reasons of errors",
        "`{…}` stands for what the server fills in. The reasons of `domain/errors.py` are those of a whole kind, used "
        "where nothing more exact is said.",
        table(["reason", "gRPC code", "text", "raised in"], _reasons()),
        "## Reasons of decisions",
        "Every answer of AuthorizationService carries one. The first group allows, the second denies.",
        table(["reason", "meaning"], _decisions()),
    )


def _kinds() -> Iterator[tuple[str, ...]]:
    for kind, number in CODES.items():
        name = code_pb2.Code.Name(number)
        yield kind.__name__, code(name), str(number), reasons.summary(kind), _ADVICE[name]


def _reasons() -> Iterator[tuple[str, ...]]:
    """Yield a row for each reason; of its texts the one that says most by itself."""
    found: dict[str, list[reasons.Raised]] = defaultdict(list)
    for raised in (*reasons.kinds(), reasons.incident(), *reasons.named()):
        found[raised.reason].append(raised)
    for reason, places in sorted(found.items()):
        said = min(places, key=lambda place: place.text.count(reasons.FILLED_IN))
        modules = dict.fromkeys(code(place.module) for place in places)
        text = reasons.summary(said.kind) if said.text == reasons.FILLED_IN else said.text
        yield code(reason), _code_of(said.kind), text, " ".join(modules)


def _code_of(kind: type[RolecallError]) -> str:
    number = next((CODES[parent] for parent in kind.__mro__ if parent in CODES), code_pb2.INTERNAL)
    return code(code_pb2.Code.Name(number))


def _decisions() -> Iterator[tuple[str, str]]:
    """Yield a row for each value of the enum but the one that is never sent."""
    for type_ in protos.read().types:
        if type_.name == "Reason" and isinstance(type_.descriptor, EnumDescriptorProto):
            for value, about in list(zip(type_.descriptor.value, type_.parts, strict=True))[1:]:
                yield code(value.name), about
