"""Pictures as the vendors take them: in base64, each after a line of text that names its asset."""

import base64
from collections.abc import Iterator

from adreel_scenes.adapters.llm_writer import Turn
from adreel_scenes.domain.ports import Picture


def labelled(turn: Turn) -> Iterator[tuple[str, Picture]]:
    """The pictures of a turn, each with the line that comes before it."""
    for name, picture in turn.pictures.items():
        yield f"Picture of {name}:", picture


def base64_of(picture: Picture) -> str:
    return base64.b64encode(picture.content).decode("ascii")


def data_url(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64_of(picture)}"
