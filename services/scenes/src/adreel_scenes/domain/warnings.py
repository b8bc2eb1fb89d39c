"""What is allowed but doubtful in a storyboard: shown beside it, never a refusal."""

import re
from collections.abc import Collection, Iterator, Sequence

from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.limits import DURATION_TOLERANCE_MS
from adreel_scenes.domain.problems import StoryWarning
from adreel_scenes.domain.rules import carries_call_to_action, unused_visual_assets
from adreel_scenes.domain.scene import SceneContent
from adreel_scenes.domain.speech import is_speakable, spoken_words
from adreel_scenes.domain.vocabulary import known_shot, known_transition

# Words that say how a picture is taken, joined or felt, not what is in it.
_CAMERA = """
    a an the this that it its is are be we you i and or but then of in on at with without to from by into out over
    through across as for more less very too just some something see seen show shows showing shot shots wide medium
    long full close up closeup extreme view angle camera lens handheld tripod drone dolly pan pans tilt tilts zoom
    zooms push pushes pull pulls track tracks tracking focus blur slow fast quick fade fades cut cuts crossfade
    dissolve transition slide wipe montage aerial point scene video footage clip frame framing opening closing intro
    outro ending left right top bottom mood atmosphere style lighting music dynamic cinematic dramatic beautiful
    nice great amazing stunning epic modern elegant energetic emotional warm cold dark bright soft
"""
_CAMERA_WORDS = frozenset(_CAMERA.split())
_LY_NOUNS = frozenset({"family", "butterfly", "jelly", "belly", "lily", "ally", "bully", "fly", "assembly", "supply"})


def story_warnings(scenes: Sequence[SceneContent], brief: StoryBrief) -> tuple[StoryWarning, ...]:
    """Every doubt about these scenes, in the order of the scenes, those about the whole first."""
    return (*_about_the_whole(scenes, brief), *_about_scenes(scenes, _words(brief.ad.product)))


def _about_the_whole(scenes: Sequence[SceneContent], brief: StoryBrief) -> Iterator[StoryWarning]:
    total_ms = sum(content.duration_ms for content in scenes)
    if abs(total_ms - brief.video.duration_ms) > DURATION_TOLERANCE_MS:
        yield StoryWarning(
            "TOTAL_DURATION",
            f"The scenes last {total_ms / 1000:g} s together; {brief.video.duration_ms / 1000:g} s were asked for.",
        )
    unused = unused_visual_assets(scenes, brief)
    for asset in brief.visual_assets:
        if asset.asset_id in unused:
            code = "HERO_ASSET_UNUSED" if asset.is_hero else "ASSET_UNUSED"
            yield StoryWarning(code, f'No scene shows the asset "{asset.name or asset.asset_id}".')
    if scenes and not carries_call_to_action(scenes[-1].script, brief.ad.call_to_action):
        yield StoryWarning(
            "CALL_TO_ACTION_MISSING",
            f'The last scene does not say the call to action "{brief.ad.call_to_action}".',
            len(scenes),
        )


def _about_scenes(scenes: Sequence[SceneContent], product: Collection[str]) -> Iterator[StoryWarning]:
    for number, content in enumerate(scenes, start=1):
        if not is_speakable(content.script, content.duration_ms):
            words, seconds = spoken_words(content.script), content.duration_ms / 1000
            message = f"{words} words cannot be spoken in {seconds:g} s; shorten the script."
            yield StoryWarning("SCRIPT_TOO_LONG", message, number)
        if not _names_a_subject(content.description, product):
            yield StoryWarning("NO_SUBJECT", "The description does not say what is seen.", number)
        if known_shot(content.shot_type) is None:
            message = f'The shot type "{content.shot_type}" is not known; it renders as medium.'
            yield StoryWarning("SHOT_TYPE_UNKNOWN", message, number)
        if known_transition(content.transition) is None:
            message = f'The transition "{content.transition}" is not known; it renders as a cut.'
            yield StoryWarning("TRANSITION_UNKNOWN", message, number)


def _names_a_subject(description: str, product: Collection[str]) -> bool:
    """Whether any word says what is in the picture; those of the product do, even if it is a camera."""
    return any(word in product or not _is_of_the_camera(word) for word in _words(description))


def _is_of_the_camera(word: str) -> bool:
    return word in _CAMERA_WORDS or (word.endswith("ly") and word not in _LY_NOUNS)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
