"""One scene of a storyboard told anew: other words and another picture, as the feedback asks."""

from collections.abc import Sequence
from random import Random

from adreel_scenes.adapters.template.casting import kind_of
from adreel_scenes.adapters.template.cinematographer import Picture
from adreel_scenes.adapters.template.depiction import assets_named
from adreel_scenes.adapters.template.musts import counted
from adreel_scenes.adapters.template.narrator import Narrator
from adreel_scenes.adapters.template.setup import Setup
from adreel_scenes.adapters.template.shots import choose_shot, choose_transition
from adreel_scenes.adapters.template.storytelling import (
    asset_ids_of,
    closing_words,
    end_card_of,
    metadata_of,
    new_camera,
    new_narrator,
)
from adreel_scenes.adapters.template.structures import REASON, is_beat
from adreel_scenes.adapters.template.wording import speakable
from adreel_scenes.domain.brief import SceneAsset
from adreel_scenes.domain.ports import RewriteRequest
from adreel_scenes.domain.rules import carries_call_to_action
from adreel_scenes.domain.scene import SceneContent
from adreel_scenes.domain.timing import reachable_ms, scene_bounds_ms

_LENGTH_FACTORS = {-1: 0.7, 0: 1.0, 1: 1.35}
_PACE_FACTORS = {-1: 1.2, 0: 1.0, 1: 0.8}


def retell_scene(setup: Setup, request: RewriteRequest, random: Random) -> SceneContent:
    """The scene's new content; it satisfies the feedback as far as its words were understood."""
    brief, directions = setup.brief, setup.directions
    index, is_last = request.number - 1, request.number == len(request.scenes)
    old = request.scenes[index]
    beat = _beat(setup, old, is_last)
    duration_ms = _length(setup, request, old)
    narrator = new_narrator(setup, random, (scene.script for scene in request.scenes))
    musts = _musts(setup, narrator, old, beat, index, len(request.scenes))
    assets = _assets(setup, request, old, random)
    near = [request.scenes[at].shot_type for at in (index - 1, index, index + 1) if 0 <= at < len(request.scenes)]
    shot = request.constraints.shot_type or choose_shot(
        beat,
        assets,
        directions,
        random,
        near,
        outdoors=bool(setup.category.outdoors),
        intangible=setup.category.intangible,
    )
    before = [scene.transition for scene in request.scenes[max(0, index - 1) : index + 1]]
    cut = choose_transition(index, is_last, setup.tone, directions, random, before)
    last = closing_words(narrator, duration_ms, musts) if is_last else []
    script = narrator.script(beat, duration_ms, setup.pace, musts, last)
    camera = new_camera(setup, narrator, random, (scene.description for scene in request.scenes))
    description = camera.description(
        Picture(
            beat=beat,
            shot=shot,
            assets=assets,
            elements=() if assets else brief.ad.visual_elements[index :: len(request.scenes)][:2],
            # A wish that a picture of the scene fulfils needs no words of its own.
            wishes=tuple(wish for wish in directions.wishes if not assets_named(wish, assets)),
            setting=directions.setting,
            people=False if directions.no_people else (True if directions.more_people else None),
            style=brief.ad.style,
            end_card=end_card_of(setup, narrator) if is_last or directions.show_logo else "",
        )
    )
    scene = SceneContent(duration_ms, description, script, shot, cut, asset_ids_of(assets))
    metadata = metadata_of(setup, narrator, scene, beat, str(old.metadata.get("structure", "")), is_last=is_last)
    if request.feedback.strip():
        metadata |= {"feedback": speakable(request.feedback)[:500], "feedbackUnderstood": directions.understood}
    return SceneContent(duration_ms, description, script, shot, cut, scene.asset_ids, metadata)


def _beat(setup: Setup, old: SceneContent, is_last: bool) -> str:
    """The beat stays, so that the story does; a scene written by others gets one that fits anywhere."""
    if is_last:
        return "cta"
    beat = str(old.metadata.get("beat", ""))
    if setup.directions.show_product and beat in ("problem", "hook", "tease", "audience"):
        return "detail"
    return beat if is_beat(beat) and beat != "cta" else "benefit"


def _length(setup: Setup, request: RewriteRequest, old: SceneContent) -> int:
    """The length asked for, within what leaves the other scenes room."""
    directions = setup.directions
    wanted = request.constraints.duration_ms
    if wanted is None and directions.seconds is not None:
        wanted = round(directions.seconds * 1000)
    if wanted is None:
        factor = _LENGTH_FACTORS[directions.length] * _PACE_FACTORS[directions.pace if not directions.length else 0]
        wanted = old.duration_ms if factor == 1.0 else round(old.duration_ms * factor / 100) * 100
    low_ms, high_ms = scene_bounds_ms(setup.brief.video.duration_ms, setup.brief.limits, setup.brief.backend)
    total_ms = sum(scene.duration_ms for scene in request.scenes)
    return reachable_ms(wanted, total_ms, len(request.scenes) - 1, low_ms, high_ms) or old.duration_ms


def _musts(setup: Setup, narrator: Narrator, old: SceneContent, beat: str, index: int, count: int) -> list[str]:
    """What was asked for by its words, and the key message if this scene was the one that carried it."""
    directions = setup.directions
    musts = counted(setup, narrator, beat, index, count)
    asked = [line for quote in directions.quotes if (line := narrator.quote_line(quote))]
    asked += [line for fact in directions.mentions if (line := narrator.mention_line(fact))]
    if directions.mention_price:
        asked.append(narrator.price_line(setup.price))
    spoken = speakable(setup.brief.ad.key_message)
    if beat != REASON and not directions.less_text and spoken and carries_call_to_action(old.script, spoken):
        message = narrator.message(max(4, int(old.duration_ms / 1000 * setup.pace.most)))
        asked += [message] if message else []
    return musts + asked


def _assets(setup: Setup, request: RewriteRequest, old: SceneContent, random: Random) -> tuple[SceneAsset, ...]:
    """The scene's assets, with the product's or the logo's where asked for, without people where not wanted.

    An asset that no other scene shows stays, whatever was asked.
    """
    known = {asset.asset_id: asset for asset in setup.brief.assets}
    elsewhere = {
        asset_id
        for number, scene in enumerate(request.scenes, start=1)
        if number != request.number
        for asset_id in scene.asset_ids
    }
    assets = [known[asset_id] for asset_id in old.asset_ids if asset_id in known]
    visual, directions = setup.brief.visual_assets, setup.directions
    named = [a for a in visual if len(a.name) > 3 and a.name.casefold() in request.feedback.casefold()]
    for wish in directions.wishes:
        named += [asset for asset in assets_named(wish, visual)[:1] if asset not in named]
    wanted: list[SceneAsset] = named
    if directions.show_product:
        wanted = wanted or sorted((a for a in visual if kind_of(a) == "product"), key=lambda a: not a.is_hero)[:1]
        wanted = wanted or list(visual[:1])
    if directions.show_logo:
        wanted = [*wanted, *[a for a in visual if kind_of(a) == "logo"][:1]]
    if wanted:
        assets = wanted + [a for a in assets if a.asset_id not in elsewhere and a not in wanted]
    elif directions.no_people:
        assets = [a for a in assets if kind_of(a) != "people" or a.asset_id not in elsewhere]
    elif request.feedback.strip() and not directions.understood:
        assets = _another_angle(assets, visual, elsewhere, random)
    return tuple(assets)


def _another_angle(
    assets: Sequence[SceneAsset], visual: Sequence[SceneAsset], elsewhere: set[str], random: Random
) -> list[SceneAsset]:
    """Another picture in place of one that other scenes show, too."""
    others = [asset for asset in visual if asset not in assets and kind_of(asset) != "logo"]
    kept = [asset for asset in assets if asset.asset_id not in elsewhere]
    if kept or not others or not assets:
        return list(assets)
    return [random.choice(others)]
