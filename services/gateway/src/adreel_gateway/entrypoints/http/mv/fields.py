"""Fields that several music-video requests and answers have."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field


def _whole(value: Any) -> Any:
    """`8.0` is 8, as some clients send it; true and "8" are no numbers."""
    if isinstance(value, bool | str):
        raise ValueError("must be a whole number")
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


WholeNumber = Annotated[int, BeforeValidator(_whole)]
# The model's own limits are checked by the service that knows it; these keep a number within what the wire carries.
Seed = Annotated[WholeNumber, Field(ge=0, le=2**53 - 1)]
Used = Annotated[dict[str, Any], Field(description="The values in force, defaults among them.")]
NotApplied = Annotated[list[str], Field(description="Fields of the request that the model does not take.")]
