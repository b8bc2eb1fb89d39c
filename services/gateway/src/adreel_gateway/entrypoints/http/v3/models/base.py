"""The base of all models: camelCase on the wire, unknown request fields ignored, text bounded and free of surprises."""

from datetime import UTC, datetime
from typing import Annotated, Any

from adreel_kit.ids import parse_id
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """A JSON object of the public API."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True, extra="ignore"
    )


def _canonical_id(text: str) -> str:
    parsed = parse_id(text)
    if parsed is None:
        raise ValueError("must be a UUID")
    return str(parsed)


Uuid = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=64),
    AfterValidator(_canonical_id),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reference = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Field(description="The client's id, or the string it was first named by."),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=50)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8192)]
# JSON of the caller's own shape, given back as it came.
Metadata = dict[str, Any]


class ErrorOut(Wire):
    """What went wrong: `code` for programs, `message` for people, `details` for both."""

    code: str
    message: str
    details: dict[str, Any] = Field(default_factory=dict, description="Facts; validation errors list `fields`.")


def time_of(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def to_struct(values: Metadata) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def from_struct(struct: Struct) -> dict[str, Any]:
    """The JSON object; numbers that are whole come back as whole numbers."""
    return {name: _json_of(value) for name, value in sorted(struct.fields.items())}


def _json_of(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return _list_of(value.list_value)
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind in (None, "null_value") else getattr(value, kind)


def _list_of(values: ListValue) -> list[Any]:
    return [_json_of(value) for value in values.values]


def money(micros: int) -> str:
    """Micro-units as a decimal string with two digits at least: `3.02`, `0.000125`."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), 1_000_000)
    digits = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{digits}"
