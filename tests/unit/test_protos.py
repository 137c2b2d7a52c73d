"""The contracts between processes: every field says what kind of data it carries, and everything is explained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from conclave.v1 import data_class_pb2

PROTO = Path(__file__).resolve().parents[2] / "proto"
PACKAGES = {"conclave.v1", "conclave.media.v1"}

# Field numbers within google/protobuf/descriptor.proto: a location's path is made of them.
MESSAGE, ENUM, SERVICE = (
    descriptor_pb2.FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER,
    descriptor_pb2.FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER,
    descriptor_pb2.FileDescriptorProto.SERVICE_FIELD_NUMBER,
)
NESTED_MESSAGE = descriptor_pb2.DescriptorProto.NESTED_TYPE_FIELD_NUMBER
NESTED_ENUM = descriptor_pb2.DescriptorProto.ENUM_TYPE_FIELD_NUMBER
FIELD = descriptor_pb2.DescriptorProto.FIELD_FIELD_NUMBER
ENUM_VALUE = descriptor_pb2.EnumDescriptorProto.VALUE_FIELD_NUMBER
METHOD = descriptor_pb2.ServiceDescriptorProto.METHOD_FIELD_NUMBER

Place = tuple[int, ...]


def compile_protos(root: Path, output: Path) -> list[descriptor_pb2.FileDescriptorProto]:
    """Compiles every `.proto` below a root, with its comments; the well-known types are left out."""
    sources = sorted(str(path.relative_to(root)) for path in root.rglob("*.proto"))
    includes = [f"-I{root}", f"-I{PROTO}", f"-I{Path(protoc.__file__).parent / '_proto'}"]
    arguments = ["protoc", *includes, "--include_source_info", "--include_imports", f"--descriptor_set_out={output}"]
    assert protoc.main([*arguments, *sources]) == 0
    files = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file
    return [file for file in files if file.name in sources]


def messages(
    file: descriptor_pb2.FileDescriptorProto,
) -> Iterator[tuple[str, Place, descriptor_pb2.DescriptorProto]]:
    """Every message of a file with its name and path, nested ones included; not the entries of maps."""
    waiting = [(message.name, (MESSAGE, index), message) for index, message in enumerate(file.message_type)]
    while waiting:
        name, path, message = waiting.pop()
        if message.options.map_entry:
            continue
        yield name, path, message
        for index, nested in enumerate(message.nested_type):
            waiting.append((f"{name}.{nested.name}", (*path, NESTED_MESSAGE, index), nested))


def unmarked_fields(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    """Fields that do not say which kind of data they carry."""
    return [
        f"{name}.{field.name}"
        for name, _, message in messages(file)
        for field in message.field
        if field.options.Extensions[data_class_pb2.data_class] == data_class_pb2.DATA_CLASS_UNSPECIFIED
    ]


def explained(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, Place]]:
    """The name and path of everything in a file that needs a comment."""
    enums = [(enum.name, (ENUM, index), enum) for index, enum in enumerate(file.enum_type)]
    for name, path, message in messages(file):
        yield name, path
        yield from ((f"{name}.{field.name}", (*path, FIELD, index)) for index, field in enumerate(message.field))
        for index, enum in enumerate(message.enum_type):
            enums.append((f"{name}.{enum.name}", (*path, NESTED_ENUM, index), enum))
    for name, path, enum in enums:
        yield name, path
        yield from ((f"{name}.{value.name}", (*path, ENUM_VALUE, index)) for index, value in enumerate(enum.value))
    for index, service in enumerate(file.service):
        yield service.name, (SERVICE, index)
        for number, method in enumerate(service.method):
            yield f"{service.name}.{method.name}", (SERVICE, index, METHOD, number)


def uncommented(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    """Messages, fields, enums, values, services and methods that no comment explains."""
    comments = {tuple(place.path): place.leading_comments.strip() for place in file.source_code_info.location}
    return [name for name, path in explained(file) if not comments.get(path)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[descriptor_pb2.FileDescriptorProto]:
    return compile_protos(PROTO, tmp_path_factory.mktemp("protos") / "set")


def test_both_packages_are_read(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    assert {file.package for file in files} == PACKAGES
    assert sum(len(message.field) for file in files for _, _, message in messages(file)) > 100


def test_every_field_says_its_data_class(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    assert [name for file in files for name in unmarked_fields(file)] == []


def test_everything_is_commented(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    assert [name for file in files for name in uncommented(file)] == []


def test_a_planted_field_is_found(tmp_path: Path) -> None:
    (tmp_path / "planted.proto").write_text(
        'syntax = "proto3";\n'
        "package conclave.planted;\n"
        'import "conclave/v1/data_class.proto";\n'
        "// Holds another.\n"
        "message Outer {\n"
        "  message Inner {\n"
        "    // Not marked.\n"
        "    string unmarked = 1;\n"
        "    string bare = 2 [(conclave.v1.data_class) = DATA_CLASS_MESSAGES];\n"
        "  }\n"
        "}\n"
    )
    (file,) = compile_protos(tmp_path, tmp_path / "set")
    assert unmarked_fields(file) == ["Outer.Inner.unmarked"]
    assert uncommented(file) == ["Outer.Inner", "Outer.Inner.bare"]
