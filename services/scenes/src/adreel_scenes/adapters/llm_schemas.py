"""The form of a model's answer as JSON Schema: types and nesting only.

Every object lists all fields as required and allows no others, which is what strict modes demand. Lengths and ranges
are left to the second reading in `domain/draft.py`: not every vendor takes them.
"""

from collections.abc import Mapping

_SCENE: dict[str, object] = {
    "type": "object",
    "properties": {
        "scene_number": {"type": "integer"},
        "duration_seconds": {"type": "number"},
        "description": {"type": "string"},
        "script": {"type": "string"},
        "shot_type": {"type": "string"},
        "transition": {"type": "string"},
        "asset_ids": {"type": "array", "items": {"type": "string"}},
    },
    "required": [
        "scene_number",
        "duration_seconds",
        "description",
        "script",
        "shot_type",
        "transition",
        "asset_ids",
    ],
    "additionalProperties": False,
}
_MUSIC_SCENE: dict[str, object] = {
    "type": "object",
    "properties": {"description": {"type": "string"}, "negative_description": {"type": "string"}},
    "required": ["description", "negative_description"],
    "additionalProperties": False,
}


def _list_of(item: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "type": "object",
        "properties": {"scenes": {"type": "array", "items": item}},
        "required": ["scenes"],
        "additionalProperties": False,
    }


SCENE_SCHEMA: Mapping[str, object] = _SCENE
STORYBOARD_SCHEMA = _list_of(_SCENE)
MUSIC_SCHEMA = _list_of(_MUSIC_SCENE)


def without_additional_properties(schema: object) -> object:
    """The same schema for vendors that do not know `additionalProperties`."""
    if isinstance(schema, Mapping):
        return {
            key: without_additional_properties(value) for key, value in schema.items() if key != "additionalProperties"
        }
    if isinstance(schema, list):
        return [without_additional_properties(item) for item in schema]
    return schema
