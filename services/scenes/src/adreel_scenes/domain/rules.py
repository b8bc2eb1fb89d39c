"""The invariants of SPEC sections 2.3 and 2.5, as functions from content to problems.

`draft_problems` is what a writer's storyboard must satisfy in full; `edit_problems` is what a person may not break
(what a person may break, such as the total length, draws a warning in `warnings.py` instead).
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.limits import DURATION_TOLERANCE_MS
from adreel_scenes.domain.plain_text import has_control_characters
from adreel_scenes.domain.problems import Problem
from adreel_scenes.domain.scene import JSONValue, SceneContent
from adreel_scenes.domain.timing import scene_bounds_ms
from adreel_scenes.domain.vocabulary import MAX_TERM_CHARACTERS

# A call to action longer than this is a paragraph; its beginning is what must be heard.
_HEARD_WORDS = 12


def draft_problems(scenes: Sequence[SceneContent], brief: StoryBrief) -> list[Problem]:
    """Everything that keeps a writer's scenes from being a storyboard of `brief`; empty if they are one."""
    problems = count_problems(len(scenes), brief)
    for index, content in enumerate(scenes):
        problems += content_problems(content, brief, f"scenes[{index}]")
        if not content.script.strip():
            problems.append(Problem("SCRIPT_EMPTY", f"scenes[{index}].script", f"Scene {index + 1} says nothing."))
    total_ms = sum(content.duration_ms for content in scenes)
    if abs(total_ms - brief.video.duration_ms) > DURATION_TOLERANCE_MS:
        problems.append(
            Problem(
                "TOTAL_DURATION",
                "scenes",
                f"The scenes last {total_ms / 1000:g} s together; they must last {brief.video.duration_ms / 1000:g} s.",
            )
        )
    problems += _coverage_problems(scenes, brief)
    if scenes and not carries_call_to_action(scenes[-1].script, brief.ad.call_to_action):
        problems.append(_call_to_action_problem(f"scenes[{len(scenes) - 1}].script", brief))
    return problems


def rewrite_problems(
    number: int, content: SceneContent, scenes: Sequence[SceneContent], brief: StoryBrief
) -> list[Problem]:
    """What keeps `content` from taking the place of scene `number` when a writer made it."""
    problems = content_problems(content, brief, "scene")
    if not content.script.strip():
        problems.append(Problem("SCRIPT_EMPTY", "scene.script", "The scene says nothing."))
    before = set(unused_visual_assets(scenes, brief))
    after = [content if index == number else scene for index, scene in enumerate(scenes, start=1)]
    if len(brief.visual_assets) <= len(scenes):
        problems += [
            Problem("ASSET_UNUSED", "scene.assets", f"Only this scene used the asset {asset_id}; keep it.")
            for asset_id in unused_visual_assets(after, brief)
            if asset_id not in before
        ]
    if number == len(scenes) and not carries_call_to_action(content.script, brief.ad.call_to_action):
        problems.append(_call_to_action_problem("scene.script", brief))
    return problems


def count_problems(count: int, brief: StoryBrief) -> list[Problem]:
    """A storyboard has as many scenes as the settings allow."""
    low, high = brief.limits.min_scenes, brief.limits.max_scenes
    if low <= count <= high:
        return []
    return [Problem("SCENE_COUNT", "scenes", f"A storyboard has {low} to {high} scenes, not {count}.")]


def content_problems(content: SceneContent, brief: StoryBrief, where: str) -> list[Problem]:
    """What no scene may be, whoever wrote it."""
    return [*_length_problems(content, brief, where), *_text_problems(content, brief, where)] + [
        Problem("ASSET_UNKNOWN", f"{where}.assets", f"There is no asset {asset_id[:80]!r} in this job.")
        for asset_id in content.asset_ids
        if asset_id not in brief.asset_ids
    ]


def unused_visual_assets(scenes: Sequence[SceneContent], brief: StoryBrief) -> list[str]:
    """Ids of images and videos that no scene shows."""
    used = {asset_id for content in scenes for asset_id in content.asset_ids}
    return [asset.asset_id for asset in brief.visual_assets if asset.asset_id not in used]


def carries_call_to_action(script: str, call_to_action: str) -> bool:
    """Whether the script says the call to action word for word, whatever its case and punctuation."""
    wanted = _words(call_to_action)[:_HEARD_WORDS]
    if not wanted:
        # Emoji can be shown; bare punctuation asks for nothing.
        return all(sign in script for sign in call_to_action if unicodedata.category(sign) == "So")
    return f" {' '.join(wanted)} " in f" {' '.join(_words(script))} "


def numbering_is_contiguous(numbers: Sequence[int]) -> bool:
    """Scenes are numbered 1, 2, 3, ... in order."""
    return list(numbers) == list(range(1, len(numbers) + 1))


def _length_problems(content: SceneContent, brief: StoryBrief, where: str) -> Iterator[Problem]:
    low_ms, high_ms = scene_bounds_ms(brief.video.duration_ms, brief.limits, brief.backend)
    length = f"{content.duration_ms / 1000:g} s"
    if content.duration_ms < low_ms:
        message = f"A scene lasts at least {low_ms / 1000:g} s, not {length}."
        yield Problem("SCENE_TOO_SHORT", f"{where}.duration", message)
    elif not brief.backend.covers(content.duration_ms):
        longest = f"{brief.backend.longest_clip_ms / 1000:g} s"
        message = f"The {brief.backend.name} backend makes clips of at most {longest}, not {length}."
        yield Problem("SCENE_TOO_LONG", f"{where}.duration", message)
    elif content.duration_ms > high_ms:
        message = f"A scene lasts at most {high_ms / 1000:g} s, not {length}."
        yield Problem("SCENE_TOO_LONG", f"{where}.duration", message)


def _text_problems(content: SceneContent, brief: StoryBrief, where: str) -> Iterator[Problem]:
    limits = brief.limits
    if not content.description.strip():
        yield Problem("DESCRIPTION_EMPTY", f"{where}.description", "A scene needs a description of what is seen.")
    for name, text, most in (
        ("description", content.description, limits.max_description_characters),
        ("script", content.script, limits.max_script_characters),
        ("shotType", content.shot_type, MAX_TERM_CHARACTERS),
        ("transition", content.transition, MAX_TERM_CHARACTERS),
    ):
        if len(text) > most:
            yield Problem("TEXT_TOO_LONG", f"{where}.{name}", f"{name} has at most {most} characters, not {len(text)}.")
        if has_control_characters(text):
            yield Problem("TEXT_NOT_PLAIN", f"{where}.{name}", f"{name} holds control characters.")
    if len(content.asset_ids) > limits.max_assets_per_scene or len(set(content.asset_ids)) < len(content.asset_ids):
        message = f"A scene names at most {limits.max_assets_per_scene} assets, each once."
        yield Problem("SCENE_ASSETS", f"{where}.assets", message)
    yield from _metadata_problems(content.metadata, limits.max_metadata_characters, where)


def _metadata_problems(metadata: Mapping[str, JSONValue], most: int, where: str) -> Iterator[Problem]:
    try:
        size = len(json.dumps(dict(metadata), allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        yield Problem("METADATA_NOT_JSON", f"{where}.metadata", "metadata must be a JSON object of finite numbers.")
        return
    if size > most:
        yield Problem("METADATA_TOO_LARGE", f"{where}.metadata", f"metadata has at most {most} characters as JSON.")


def _coverage_problems(scenes: Sequence[SceneContent], brief: StoryBrief) -> list[Problem]:
    """Every ready image or video is used at least once where there are scenes enough."""
    if len(brief.visual_assets) > len(scenes):
        return []
    return [
        Problem("ASSET_UNUSED", "scenes", f"No scene uses the asset {asset_id}; every image and video is used once.")
        for asset_id in unused_visual_assets(scenes, brief)
    ]


def _call_to_action_problem(where: str, brief: StoryBrief) -> Problem:
    message = f'The last scene\'s script must contain, word for word, the call to action "{brief.ad.call_to_action}".'
    return Problem("CALL_TO_ACTION_MISSING", where, message)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def is_finite_number(value: object) -> bool:
    """Whether a value from outside is a real number: not a boolean, NaN or infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
