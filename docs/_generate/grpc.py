"""The gRPC reference: services, RPCs, messages and fields, in the words of the protos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto

from docs._generate.markdown import anchor, code, page, table
from docs._generate.protos import Service, Type, read

_PACKAGE: Final = ".rolecall.api.v1."


def build() -> str:
    """Return the page."""
    api = read()
    return page(
        "gRPC reference",
        *api.about,
        "Beside these services a server answers `grpc.health.v1.Health` (for the server and for each service; SERVING "
        "once the index is loaded) and server reflection. Both need no token.",
        "## Services",
        table(["service", "RPCs"], [(_link(service.name), _rpcs(service)) for service in api.services]),
        *(part for service in api.services for part in _service(service)),
        "## Messages",
        *(part for type_ in api.types for part in _type(type_)),
    )


def _rpcs(service: Service) -> str:
    return ", ".join(_link(method.name) for method, _ in service.methods)


def _service(service: Service) -> Iterator[str]:
    yield f"## {service.name}"
    yield from service.about
    for method, about in service.methods:
        takes = ("stream of " if method.client_streaming else "") + _named(method.input_type)
        gives = ("stream of " if method.server_streaming else "") + _named(method.output_type)
        yield f"### {method.name}"
        yield f"{takes} → {gives}"
        yield from about


def _type(type_: Type) -> Iterator[str]:
    yield f"### {type_.name}"
    yield from type_.about
    if isinstance(type_.descriptor, EnumDescriptorProto):
        values = zip(type_.descriptor.value, type_.parts, strict=True)
        yield table(
            ["value", "number", "meaning"], [(code(value.name), str(value.number), about) for value, about in values]
        )
    elif type_.descriptor.field:
        message = type_.descriptor
        fields = zip(message.field, type_.parts, strict=True)
        yield table(
            ["field", "type", "meaning"], [(code(field.name), _kind(message, field), about) for field, about in fields]
        )


def _kind(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    """Return a field's type with its label, as a reader of the protos would say it."""
    entry = next((inner for inner in message.nested_type if field.type_name.endswith(f".{inner.name}")), None)
    if entry is not None and entry.options.map_entry:
        key, value = entry.field
        return f"map of {_plain(key)} to {_plain(value)}"
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {_plain(field)}"
    if field.proto3_optional:
        return f"optional {_plain(field)}"
    if field.HasField("oneof_index"):
        return f"{_plain(field)}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return _plain(field)


def _plain(field: FieldDescriptorProto) -> str:
    return _named(field.type_name) if field.type_name else _scalar(field)


def _scalar(field: FieldDescriptorProto) -> str:
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _named(full_name: str) -> str:
    """Return a link to a message or enum of ours, the plain name of one of Google's."""
    name = full_name.removeprefix(_PACKAGE)
    return _link(name) if name != full_name else code(full_name.removeprefix(".google.protobuf."))


def _link(name: str) -> str:
    return f"[{name}](#{anchor(name)})"
