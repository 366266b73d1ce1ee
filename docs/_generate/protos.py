"""The protos as their compiler reads them, comments included. How they are shown is decided elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from rolecall.transports.methods import SERVICE_NAMES

PROTOS: Final = Path(__file__).parents[2] / "protos"

# Numbers of the fields in descriptor.proto that lead from a file to what is commented.
_PACKAGE, _MESSAGE, _ENUM, _SERVICE = 2, 4, 5, 6
_FIELD, _NESTED, _NESTED_ENUM = 2, 3, 4
_VALUE = _METHOD = 2

Spot = tuple[int, ...]
Comments = Mapping[Spot, str]


class Service(NamedTuple):
    """One service and its RPCs, each with its comment as paragraphs."""

    name: str
    about: list[str]
    methods: list[tuple[MethodDescriptorProto, list[str]]]


class Type(NamedTuple):
    """A message or enum under the name it goes by; `parts` are the comments of its fields or values."""

    name: str
    descriptor: DescriptorProto | EnumDescriptorProto
    about: list[str]
    parts: list[str]


class Api(NamedTuple):
    """Everything the protos declare, services in the order of the method table."""

    about: list[str]
    services: list[Service]
    types: list[Type]


@cache
def read() -> Api:
    """Compile the protos."""
    files = sorted(_compiled(), key=_order)
    return Api(
        about=[text for file in files for text in _said(_comments(file), _PACKAGE)],
        services=[service for file in files for service in _services(file)],
        types=[type_ for file in files for type_ in _types(file)],
    )


def _compiled() -> Iterable[FileDescriptorProto]:
    protos = sorted(str(proto.relative_to(PROTOS)) for proto in PROTOS.rglob("*.proto"))
    with TemporaryDirectory() as folder:
        out = Path(folder) / "descriptors"
        options = [f"--proto_path={PROTOS}", "--include_source_info", f"--descriptor_set_out={out}"]
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *options, *protos], check=True)
        return FileDescriptorSet.FromString(out.read_bytes()).file


def _order(file: FileDescriptorProto) -> tuple[int, str]:
    places = [SERVICE_NAMES.index(f"{file.package}.{service.name}") for service in file.service]
    return min(places, default=len(SERVICE_NAMES)), file.name


def _comments(file: FileDescriptorProto) -> Comments:
    return {tuple(location.path): location.leading_comments for location in file.source_code_info.location}


def _said(comments: Comments, *spot: int) -> list[str]:
    """Return a comment as paragraphs."""
    lines = (line.strip() for line in comments.get(spot, "").strip().splitlines())
    return [" ".join(block.split()) for block in "\n".join(lines).split("\n\n") if block]


def _services(file: FileDescriptorProto) -> Iterator[Service]:
    comments = _comments(file)
    for number, service in enumerate(file.service):
        methods = [
            (method, _said(comments, _SERVICE, number, _METHOD, place)) for place, method in enumerate(service.method)
        ]
        yield Service(service.name, _said(comments, _SERVICE, number), methods)


def _types(file: FileDescriptorProto) -> Iterator[Type]:
    comments = _comments(file)
    for number, message in enumerate(file.message_type):
        yield from _nested(comments, message, "", (_MESSAGE, number))
    for number, enum in enumerate(file.enum_type):
        yield _enum(comments, enum, "", (_ENUM, number))


def _nested(comments: Comments, message: DescriptorProto, outer: str, spot: Spot) -> Iterator[Type]:
    """Yield a message and what is declared inside it; the entries of maps are no messages of their own."""
    name = outer + message.name
    parts = [" ".join(_said(comments, *spot, _FIELD, place)) for place in range(len(message.field))]
    yield Type(name, message, _said(comments, *spot), parts)
    for number, enum in enumerate(message.enum_type):
        yield _enum(comments, enum, f"{name}.", (*spot, _NESTED_ENUM, number))
    for number, inner in enumerate(message.nested_type):
        if not inner.options.map_entry:
            yield from _nested(comments, inner, f"{name}.", (*spot, _NESTED, number))


def _enum(comments: Comments, enum: EnumDescriptorProto, outer: str, spot: Spot) -> Type:
    parts = [" ".join(_said(comments, *spot, _VALUE, place)) for place in range(len(enum.value))]
    return Type(outer + enum.name, enum, _said(comments, *spot), parts)
