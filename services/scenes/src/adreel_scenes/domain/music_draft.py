"""Music-video scenes in a model's answer: hostile until checked, like every other model output."""

from adreel_scenes.domain.draft import decoded_json
from adreel_scenes.domain.music import MOST_TEXT_CHARACTERS, MusicScene
from adreel_scenes.domain.plain_text import cut_at_word, plain_text
from adreel_scenes.domain.problems import Problem


def read_music_scenes(output: str, count: int) -> tuple[tuple[MusicScene, ...], tuple[Problem, ...]]:
    """The scenes, or every problem found; more scenes than were asked for are dropped from the end."""
    decoded, problem = decoded_json(output)
    if problem:
        return (), (problem,)
    listed = decoded.get("scenes") if isinstance(decoded, dict) else decoded
    if not isinstance(listed, list) or len(listed) < count:
        given = len(listed) if isinstance(listed, list) else 0
        return (), (Problem("SCENE_COUNT", "scenes", f'Give {{"scenes": [...]}} with {count} scenes, not {given}.'),)
    scenes: list[MusicScene] = []
    problems: list[Problem] = []
    for index, item in enumerate(listed[:count]):
        description, negative = _text(item, "description"), _text(item, "negative_description")
        if not description:
            problems.append(
                Problem("DESCRIPTION_EMPTY", f"scenes[{index}].description", "A scene needs a description.")
            )
        if negative is None:
            message = "negative_description must be a string."
            problems.append(Problem("FIELD_TYPE", f"scenes[{index}].negative_description", message))
        if description and negative is not None:
            scenes.append(MusicScene(description, negative))
    return (() if problems else tuple(scenes)), tuple(problems)


def _text(item: object, name: str) -> str | None:
    value = item.get(name) if isinstance(item, dict) else None
    return cut_at_word(plain_text(value), MOST_TEXT_CHARACTERS) if isinstance(value, str) else None
