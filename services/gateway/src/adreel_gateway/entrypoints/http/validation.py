"""Validating what FastAPI does not read itself: forms in a stream, bodies of routes that take two types."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from adreel_gateway.entrypoints.http.errors import fields_of
from adreel_gateway.errors import ValidationFailed

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], value: Any, *, place: str = "body") -> M:
    """`value` as `model`; raises ValidationFailed with its fields. `value` is JSON of any shape."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors: list[Mapping[str, Any]] = [{**mistake, "loc": (place, *mistake["loc"])} for mistake in error.errors()]
        raise ValidationFailed(fields_of(errors)) from None
