"""Prompts from their files. The customer's words go in as JSON data between marks that they cannot close themselves.

`tojson` writes `<`, `>` and `&` as escapes, so that no text can end the block it stands in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import yaml
from jinja2 import TemplateError

from adreel_scenes.adapters.config_files import ConfigFileBroken
from adreel_scenes.adapters.prompt_files import PromptFiles, packaged_prompts, prompt_environment
from adreel_scenes.domain.brief import AdBrief, StoryBrief
from adreel_scenes.domain.music import MusicSceneRequest
from adreel_scenes.domain.ports import Picture, RewriteRequest, WriteRequest
from adreel_scenes.domain.problems import Problem
from adreel_scenes.domain.rules import unused_visual_assets
from adreel_scenes.domain.scene import SceneContent
from adreel_scenes.domain.timing import (
    expected_scene_count,
    possible_scene_counts,
    reachable_ms,
    scene_bounds_ms,
)
from adreel_scenes.domain.vocabulary import ShotType, Transition

_PROBE = "7f3a words that no template has"


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked, the short names that stand for asset ids in it, and pictures by those names."""

    system: str
    user: str
    version: str
    asset_names: Mapping[str, str]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


def storyboard_prompt(request: WriteRequest, prompts: PromptFiles | None = None) -> Prompt:
    """Raises ValueError if no number of scenes fits the film."""
    brief = request.brief
    low_ms, high_ms = scene_bounds_ms(brief.video.duration_ms, brief.limits, brief.backend)
    counts = possible_scene_counts(brief.video.duration_ms, brief.limits, brief.backend)
    suggested = expected_scene_count(brief.video.duration_ms, len(brief.visual_assets), brief.limits, brief.backend)
    names = _asset_names(brief)
    pictures = _named(request.pictures, names)
    plan = _common_plan(brief, pictures) | {
        "least_scenes": counts.start,
        "most_scenes": counts.stop - 1,
        "suggested_scenes": suggested,
        "total_seconds": brief.video.duration_ms / 1000,
        "shortest_seconds": low_ms / 1000,
        "longest_seconds": high_ms / 1000,
        "clip_seconds": " or ".join(f"{length / 1000:g}" for length in brief.backend.clip_lengths_ms),
        "previous": [_told(number, scene, names) for number, scene in enumerate(request.previous, start=1)],
        "has_feedback": bool(brief.feedback),
    }
    return _rendered("storyboard", prompts, {"data": _data(brief, names), "plan": plan}, names, pictures)


def scene_prompt(request: RewriteRequest, prompts: PromptFiles | None = None) -> Prompt:
    """The prompt for one scene anew."""
    brief, number = request.brief, request.number
    old = request.scenes[number - 1]
    low_ms, high_ms = scene_bounds_ms(brief.video.duration_ms, brief.limits, brief.backend)
    total_ms, others = sum(scene.duration_ms for scene in request.scenes), len(request.scenes) - 1
    wanted_ms = reachable_ms(request.constraints.duration_ms or old.duration_ms, total_ms, others, low_ms, high_ms)
    names = _asset_names(brief)
    pictures = _named(request.pictures, names)
    rest = [scene for at, scene in enumerate(request.scenes, start=1) if at != number]
    only_here = set(unused_visual_assets(rest, brief)) & set(old.asset_ids)
    plan = _common_plan(brief, pictures) | {
        "number": number,
        "is_last": number == len(request.scenes) and bool(brief.ad.call_to_action),
        "wanted_seconds": (wanted_ms or old.duration_ms) / 1000,
        "shortest_seconds": low_ms / 1000,
        "longest_seconds": high_ms / 1000,
        "wanted_shot": bool(request.constraints.shot_type),
        "kept_assets": ", ".join(name for name, asset_id in names.items() if asset_id in only_here),
        "scenes": [_told(at, scene, names) for at, scene in enumerate(request.scenes, start=1)],
    }
    data = _data(brief, names) | {
        "feedback_on_this_scene": request.feedback,
        "wanted_style": request.constraints.style,
        "wanted_shot_type": request.constraints.shot_type,
    }
    return _rendered("scene", prompts, {"data": data, "plan": plan}, names, pictures)


def repair_prompt(problems: Sequence[Problem], prompts: PromptFiles | None = None) -> str:
    """What is said to a model whose answer broke the rules. Problems may quote the answer: they are bounded."""
    shown = [{"where": problem.where[:80], "message": problem.message[:300]} for problem in problems[:20]]
    return (prompts or packaged_prompts()).block("repair", "user", {"problems": shown})


def music_prompt(request: MusicSceneRequest, prompts: Mapping[str, str] | None = None) -> Prompt:
    """The prompt of `scene_prompts.yaml`; `prompts` is a deployment's own in its place."""
    texts = prompts or music_prompts()
    data = {
        "idea": request.idea,
        "character_description": request.character_description,
        "character_characteristics": request.character_characteristics,
        "video_type": request.video_type,
        "video_characteristics": request.video_characteristics,
        "camera_angle": request.camera_angle,
    }
    environment = prompt_environment()
    system, user = (
        environment.from_string(texts[part]).render(data=data, count=request.number_of_scenes).strip()
        for part in ("system", "user")
    )
    return Prompt(system, user, texts.get("version", "music"), {})


def check_prompts(prompts: PromptFiles) -> None:
    """Render each template once: one that fails does so at start, and one without the brief is a mistake.

    Raises ConfigFileBroken.
    """
    brief = StoryBrief(AdBrief(_PROBE, call_to_action="Go"))
    scene = SceneContent(10_000, "A street.", "Go.", "wide", "cut")
    problem = Problem("NO_SCENES", "scenes", "There are no scenes.")
    try:
        told = [
            storyboard_prompt(WriteRequest(brief, previous=(scene,) * 3), prompts),
            scene_prompt(RewriteRequest(brief, (scene,) * 3, 3, "Calmer"), prompts),
        ]
        repair = repair_prompt([problem], prompts)
    except (TemplateError, TypeError, ValueError, LookupError) as error:
        raise ConfigFileBroken(f"A prompt of ADREEL_PROMPTS_DIR cannot be rendered: {str(error)[:200]}.") from None
    for purpose, prompt in zip(("storyboard", "scene"), told, strict=True):
        if _PROBE not in f"{prompt.system} {prompt.user}":
            raise ConfigFileBroken(f"The prompt {purpose}.md.j2 is wrong: it does not hold the customer's data.")
    if problem.message not in repair:
        raise ConfigFileBroken("The prompt repair.md.j2 is wrong: it does not hold the problems.")


@cache
def music_prompts() -> Mapping[str, str]:
    """The prompts that come with the service."""
    text = (files("adreel_scenes.prompts") / "scene_prompts.yaml").read_text(encoding="utf-8")
    loaded: dict[str, str] = yaml.safe_load(text)
    return loaded


def _common_plan(brief: StoryBrief, pictures: Mapping[str, Picture]) -> dict[str, object]:
    return {
        "pictures": ", ".join(pictures),
        "shot_types": ", ".join(ShotType),
        "transitions": ", ".join(Transition),
        "most_description_characters": min(600, brief.limits.max_description_characters),
        "most_script_characters": brief.limits.max_script_characters,
    }


def _data(brief: StoryBrief, names: Mapping[str, str]) -> dict[str, object]:
    """The customer's words as data; empty ones are left out."""
    assets = {asset.asset_id: asset for asset in brief.assets}
    told = {
        "product": brief.ad.product,
        "target_audience": brief.ad.target_audience,
        "key_message": brief.ad.key_message,
        "call_to_action": brief.ad.call_to_action,
        "style": brief.ad.style,
        "tone": brief.ad.tone,
        "visual_elements": list(brief.ad.visual_elements),
        "brand": {
            "client": brief.brand.client_name,
            "colors": list(brief.brand.colors),
            "fonts": list(brief.brand.fonts),
            "tone": brief.brand.tone,
            "has_logo": brief.brand.has_logo,
        },
        "campaign": {
            "goal": brief.campaign.goal,
            "brief": brief.campaign.brief,
            "product_url": brief.campaign.product_url,
        },
        "video": {
            "duration_seconds": brief.video.duration_ms / 1000,
            "aspect_ratio": brief.video.aspect_ratio,
            "captions": brief.video.captions,
            "voiceover": brief.video.voiceover,
        },
        "assets": [
            {
                "name": name,
                "type": assets[asset_id].type.value,
                "title": assets[asset_id].name,
                "role": assets[asset_id].role,
                "orientation": assets[asset_id].orientation.value,
                "width_px": assets[asset_id].width_px,
                "height_px": assets[asset_id].height_px,
                "duration_seconds": assets[asset_id].duration_seconds,
            }
            for name, asset_id in names.items()
        ],
        "feedback": list(brief.feedback),
    }
    return {key: value for key, value in told.items() if value not in ("", [])}


def _told(number: int, scene: SceneContent, names: Mapping[str, str]) -> dict[str, object]:
    by_id = {asset_id: name for name, asset_id in names.items()}
    return {
        "scene_number": number,
        "duration_seconds": scene.duration_ms / 1000,
        "description": scene.description,
        "script": scene.script,
        "shot_type": scene.shot_type,
        "transition": scene.transition,
        "asset_ids": [by_id[asset_id] for asset_id in scene.asset_ids if asset_id in by_id],
    }


def _asset_names(brief: StoryBrief) -> dict[str, str]:
    """Short names: models copy "A3" without a slip, which they do not do with a UUID."""
    return {f"A{number}": asset.asset_id for number, asset in enumerate(brief.assets, start=1)}


def _named(pictures: Sequence[Picture], names: Mapping[str, str]) -> dict[str, Picture]:
    """The pictures of assets that the prompt names, by those names and in their order."""
    by_id = {picture.asset_id: picture for picture in pictures}
    return {name: by_id[asset_id] for name, asset_id in names.items() if asset_id in by_id}


def _rendered(
    purpose: str,
    prompts: PromptFiles | None,
    variables: Mapping[str, object],
    names: Mapping[str, str],
    pictures: Mapping[str, Picture],
) -> Prompt:
    chosen = prompts or packaged_prompts()
    system, user = (chosen.block(purpose, block, variables) for block in ("system", "user"))
    return Prompt(system, user, chosen.version(purpose), names, pictures)
