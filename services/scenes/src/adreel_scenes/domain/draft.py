"""Model output read as a draft: hostile until checked.

`read_storyboard` and `read_scene` never raise for bad output; they return what could be read and every problem found,
said so that a model can mend it in one more attempt. Small slips that cost nothing to correct (lengths that add up to
a little more or less, numbers in another order, words for shots in another spelling) are corrected here.
`mended` is the last resort after that attempt: it corrects what can be corrected without inventing a scene.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.plain_text import cut_at_word, plain_text
from adreel_scenes.domain.problems import Problem
from adreel_scenes.domain.rules import (
    carries_call_to_action,
    draft_problems,
    is_finite_number,
    numbering_is_contiguous,
    rewrite_problems,
    unused_visual_assets,
)
from adreel_scenes.domain.scene import SceneContent, StoryboardDraft
from adreel_scenes.domain.timing import milliseconds, scene_bounds_ms, spread_ms
from adreel_scenes.domain.vocabulary import (
    MAX_TERM_CHARACTERS,
    ShotType,
    Transition,
    known_shot,
    known_transition,
)

_MAX_OUTPUT_CHARACTERS = 200_000
_MAX_SCENES_READ = 50
# A total off by no more than this is an addition error; beyond it the model planned another film.
_CORRECTABLE_SHARE = 0.25
_MARKDOWN = re.compile(r"\*\*|__|`+|^#+\s*")
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of an output; usable when `problems` is empty. `draft` is None if it had no scenes at all."""

    draft: StoryboardDraft | None
    problems: tuple[Problem, ...]

    @property
    def is_usable(self) -> bool:
        return self.draft is not None and not self.problems


def read_storyboard(output: str, brief: StoryBrief, asset_names: Mapping[str, str] | None = None) -> Reading:
    """A whole storyboard. `asset_names` maps the short names used in the prompt to asset ids."""
    decoded, problem = decoded_json(output)
    if problem:
        return Reading(None, (problem,))
    listed = decoded.get("scenes") if isinstance(decoded, dict) else decoded
    if not isinstance(listed, list) or not listed:
        message = 'The answer must be {"scenes": [...]} with scenes in it.'
        return Reading(None, (Problem("NO_SCENES", "scenes", message),))
    if len(listed) > _MAX_SCENES_READ:
        return Reading(None, (Problem("SCENE_COUNT", "scenes", f"{len(listed)} scenes are far too many."),))
    contents: list[SceneContent] = []
    problems: list[Problem] = []
    for index, item in enumerate(_in_order(listed)):
        content, found = _content(item, f"scenes[{index}]", asset_names or {})
        problems += found
        if content:
            contents.append(content)
    if problems:
        return Reading(StoryboardDraft(tuple(contents)) if len(contents) == len(listed) else None, tuple(problems))
    scenes = _with_added_up_lengths(contents, brief)
    return Reading(StoryboardDraft(scenes), tuple(draft_problems(scenes, brief)))


def read_scene(
    output: str,
    number: int,
    scenes: Sequence[SceneContent],
    brief: StoryBrief,
    asset_names: Mapping[str, str] | None = None,
) -> Reading:
    """One rewritten scene, judged in its place among `scenes`."""
    decoded, problem = decoded_json(output)
    if problem:
        return Reading(None, (problem,))
    item = _single(decoded)
    content, problems = _content(item, "scene", asset_names or {})
    if content is None or problems:
        return Reading(StoryboardDraft((content,)) if content else None, tuple(problems))
    low_ms, high_ms = scene_bounds_ms(brief.video.duration_ms, brief.limits, brief.backend)
    content = content.lasting(min(max(content.duration_ms, low_ms), high_ms))
    return Reading(StoryboardDraft((content,)), tuple(rewrite_problems(number, content, scenes, brief)))


def mended(draft: StoryboardDraft, brief: StoryBrief) -> StoryboardDraft:
    """The draft with lengths that add up, known assets only, every asset shown, and the call to action said.

    What it cannot mend (too few scenes, an empty script) stays as it is; judge the result again.
    """
    known = [
        replace(scene, asset_ids=tuple(asset_id for asset_id in scene.asset_ids if asset_id in brief.asset_ids))
        for scene in draft.scenes
    ]
    scenes = list(_with_added_up_lengths(known, brief, within=None))
    if len(brief.visual_assets) <= len(scenes):
        for asset_id in unused_visual_assets(scenes, brief):
            index = min(range(len(scenes)), key=lambda i: len(scenes[i].asset_ids))
            scenes[index] = replace(scenes[index], asset_ids=(*scenes[index].asset_ids, asset_id))
    if scenes:
        scenes[-1] = with_call_to_action(scenes[-1], brief.ad.call_to_action)
    return StoryboardDraft(tuple(scenes))


def with_call_to_action(scene: SceneContent, call_to_action: str) -> SceneContent:
    """The scene with the call to action as its last sentence, unless it says it already."""
    if carries_call_to_action(scene.script, call_to_action):
        return scene
    ending = "" if call_to_action.endswith((".", "!", "?", "…")) else "."
    return replace(scene, script=f"{scene.script} {call_to_action}{ending}".strip())


def decoded_json(output: str) -> tuple[object, Problem | None]:
    """The JSON in an output, also where a model put it in a fence or between sentences."""
    if len(output) > _MAX_OUTPUT_CHARACTERS:
        return None, Problem("OUTPUT_TOO_LONG", "", "The answer is far too long; answer with the JSON alone.")
    fence = _FENCE.search(output)
    text = (fence.group(1) if fence else output).strip()
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    try:
        if start < 0:
            raise ValueError("no object found")
        decoded, _ = json.JSONDecoder(parse_constant=_refused_constant).raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        message = f"The answer is not valid JSON ({str(error)[:120]}); answer with JSON alone."
        return None, Problem("NOT_JSON", "", message)
    return decoded, None


def _refused_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _single(decoded: object) -> object:
    """The scene object, whether it stands alone, under "scene", or as the only one of a list."""
    if isinstance(decoded, dict):
        decoded = decoded.get("scene", decoded.get("scenes", decoded))
    if isinstance(decoded, list) and len(decoded) == 1:
        return decoded[0]
    return decoded


def _in_order(listed: Sequence[object]) -> list[object]:
    """Sorted by the scenes' own numbers if those are 1..n in any order; as given otherwise."""
    numbers = [item.get("scene_number", item.get("sceneNumber")) if isinstance(item, dict) else None for item in listed]
    whole = [number for number in numbers if isinstance(number, int) and not isinstance(number, bool)]
    if len(whole) < len(listed) or not numbering_is_contiguous(sorted(whole)):
        return list(listed)
    return [item for _, item in sorted(zip(whole, listed, strict=True), key=lambda pair: pair[0])]


def _content(item: object, where: str, asset_names: Mapping[str, str]) -> tuple[SceneContent | None, list[Problem]]:
    if not isinstance(item, dict):
        return None, [Problem("SCENE_SHAPE", where, "A scene must be a JSON object.")]
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for name, other in (("description", ""), ("script", ""), ("shot_type", "shotType"), ("transition", "")):
        value = item.get(name, item.get(other, ""))
        if not isinstance(value, str):
            problems.append(Problem("FIELD_TYPE", f"{where}.{name}", f"{name} must be a string."))
            value = ""
        texts[name] = _MARKDOWN.sub("", plain_text(value)).strip()
    duration = item.get("duration_seconds", item.get("durationSeconds", item.get("duration")))
    duration_ms = 0
    try:
        duration_ms = milliseconds(float(duration)) if is_finite_number(duration) else 0  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        duration_ms = 0
    if duration_ms <= 0:
        message = "duration_seconds must be a number of seconds above zero."
        problems.append(Problem("FIELD_TYPE", f"{where}.duration_seconds", message))
    asset_ids, asset_problems = _asset_ids(item, where, asset_names)
    content = SceneContent(
        duration_ms=duration_ms,
        description=texts["description"],
        script=texts["script"],
        shot_type=_term(texts["shot_type"], known_shot(texts["shot_type"]), ShotType.MEDIUM),
        transition=_term(texts["transition"], known_transition(texts["transition"]), Transition.CUT),
        asset_ids=asset_ids,
    )
    return content, problems + asset_problems


def _asset_ids(
    item: Mapping[object, object], where: str, asset_names: Mapping[str, str]
) -> tuple[tuple[str, ...], list[Problem]]:
    given = item.get("asset_ids", item.get("assets", item.get("assetIds")))
    if given is None:
        given = []
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return (), [Problem("FIELD_TYPE", f"{where}.asset_ids", "asset_ids must be a list of asset names.")]
    ids = (asset_names.get(name.strip(), plain_text(name)) for name in given)
    return tuple(dict.fromkeys(asset_id for asset_id in ids if asset_id)), []


def _term(text: str, known: str | None, otherwise: str) -> str:
    """The known word in its own spelling; an unknown one as given, cut to size; a default for none."""
    return str(known or cut_at_word(text, MAX_TERM_CHARACTERS) or otherwise)


def _with_added_up_lengths(
    contents: Sequence[SceneContent], brief: StoryBrief, within: float | None = _CORRECTABLE_SHARE
) -> tuple[SceneContent, ...]:
    """Lengths corrected to the exact total and the bounds, if they are off by no more than `within` (None: always)."""
    asked_ms = brief.video.duration_ms
    total_ms = sum(content.duration_ms for content in contents)
    if within is not None and abs(total_ms - asked_ms) > within * asked_ms:
        return tuple(contents)
    low_ms, high_ms = scene_bounds_ms(asked_ms, brief.limits, brief.backend)
    weights = [float(content.duration_ms) for content in contents]
    if total_ms == asked_ms and all(low_ms <= content.duration_ms <= high_ms for content in contents):
        return tuple(contents)
    try:
        lengths = spread_ms(asked_ms, weights, [low_ms] * len(contents), high_ms)
    except ValueError:
        return tuple(contents)
    return tuple(content.lasting(length) for content, length in zip(contents, lengths, strict=True))
