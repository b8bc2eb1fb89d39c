"""A whole storyboard from a brief: shape, cast, lengths, and then each scene in turn."""

from collections.abc import Iterable, Sequence
from random import Random

from adreel_scenes.adapters.template.casting import cast
from adreel_scenes.adapters.template.cinematographer import Cinematographer, Picture
from adreel_scenes.adapters.template.depiction import not_depicted, shared_out
from adreel_scenes.adapters.template.languages import spoken_in
from adreel_scenes.adapters.template.musts import musts_of
from adreel_scenes.adapters.template.narrator import Narrator
from adreel_scenes.adapters.template.setup import Setup
from adreel_scenes.adapters.template.shots import choose_shot, choose_transition
from adreel_scenes.adapters.template.structures import beats_of, choose_structure
from adreel_scenes.adapters.template.wording import label, sentence_key, sentences, shortened, speakable
from adreel_scenes.domain.brief import SceneAsset
from adreel_scenes.domain.clip_fit import fitted_ms
from adreel_scenes.domain.errors import DurationOutOfReach
from adreel_scenes.domain.rules import carries_call_to_action
from adreel_scenes.domain.scene import JSONValue, SceneContent
from adreel_scenes.domain.speech import spoken_words
from adreel_scenes.domain.timing import expected_scene_count, scene_bounds_ms, spread_ms

_WEIGHTS = {
    "hook": 0.8, "tease": 0.8, "problem": 1.0, "reveal": 1.05, "demo": 1.25, "detail": 0.95, "benefit": 1.1,
    "proof": 1.0, "audience": 0.9, "offer": 0.8, "voice_before": 0.95, "voice_turn": 0.9, "voice_after": 1.1,
    "countdown_open": 0.8, "reason": 1.0, "cta": 1.0,
}  # fmt: skip
_HEADLINE_WORDS = 8


def tell_story(setup: Setup, random: Random, previous: Sequence[SceneContent]) -> list[SceneContent]:
    """All scenes. With `previous` ones the shape is another and none of their sentences returns."""
    brief = setup.brief
    count = _scene_count(setup)
    avoid = str(previous[0].metadata.get("structure", "")) if previous else ""
    structure = choose_structure(brief, setup.category, count, random, avoid=avoid)
    beats = beats_of(structure, count)
    casting = cast(beats, brief.visual_assets, random)
    narrator = new_narrator(setup, random, (scene.script for scene in previous))
    camera = new_camera(setup, narrator, random, (scene.description for scene in previous))
    musts = musts_of(setup, narrator, beats)
    elements = shared_out(not_depicted(brief.ad.visual_elements, brief.visual_assets), casting)
    lengths = _lengths(setup, beats, [*musts[:-1], [*musts[-1], narrator.call_to_action()]], random)
    scenes: list[SceneContent] = []
    for index, beat in enumerate(beats):
        is_last = index == count - 1
        near = scenes[-2:]
        shot = choose_shot(
            beat,
            casting[index],
            setup.directions,
            random,
            [scene.shot_type for scene in near],
            outdoors=bool(setup.category.outdoors),
            intangible=setup.category.intangible,
        )
        cut = choose_transition(
            index, is_last, setup.tone, setup.directions, random, [scene.transition for scene in near]
        )
        last = closing_words(narrator, lengths[index], musts[index]) if is_last else []
        script = narrator.script(beat, lengths[index], setup.pace, musts[index], last)
        description = camera.description(_picture(setup, narrator, beats, index, shot, casting[index], elements[index]))
        scene = SceneContent(lengths[index], description, script, shot, cut, asset_ids_of(casting[index]))
        metadata = metadata_of(setup, narrator, scene, beat, structure, is_last=is_last)
        if brief.feedback:
            metadata["feedback"] = brief.feedback[-1][:500]
        scenes.append(
            SceneContent(
                scene.duration_ms, description, script, scene.shot_type, scene.transition, scene.asset_ids, metadata
            )
        )
    return scenes


def new_narrator(setup: Setup, random: Random, scripts: Iterable[str]) -> Narrator:
    """A narrator that says nothing of `scripts` again but for the user's own words."""
    own = (setup.brief.ad.key_message, setup.brief.ad.call_to_action)
    said = [
        part
        for script in scripts
        for part in sentences(script)
        if not any(text.strip() and carries_call_to_action(part, speakable(text)) for text in own)
    ]
    book, category, tone = spoken_in(setup.language, setup.brief, setup.book, setup.category, setup.tone)
    return Narrator(setup.brief, book, category, tone, random, said, language=setup.language)


def new_camera(setup: Setup, narrator: Narrator, random: Random, descriptions: Iterable[str]) -> Cinematographer:
    """A cinematographer that shows nothing of `descriptions` again while there is something else."""
    return Cinematographer(setup.brief, setup.book, setup.category, setup.tone, narrator.product, random, descriptions)


def closing_words(narrator: Narrator, duration_ms: int, musts: Sequence[str]) -> list[str]:
    """The name, if there is time, and the call to action."""
    call = narrator.call_to_action()
    room = int(duration_ms / 1000 * 2.2) - spoken_words(call) - sum(spoken_words(line) for line in musts)
    sign_off = narrator.sign_off(room) if room >= 1 else None
    brand = narrator.brand_line(room - spoken_words(sign_off or ""))
    return [line for line in (brand, sign_off, call) if line]


def end_card_of(setup: Setup, narrator: Narrator) -> str:
    """What stands on the last frame: name or logo, call to action, colours."""
    brand = setup.brief.brand
    client = label(speakable(brand.client_name))
    mark = f"the {client} logo".replace("the  ", "the ") if brand.has_logo else f"the name {narrator.product.name}"
    parts = [mark]
    if call := label(speakable(setup.brief.ad.call_to_action)):
        parts.append(f"the words “{call}”")
    if brand.colors and (color := label(brand.colors[0])):
        parts.append(f"the colour {color}")
    if brand.fonts and (font := label(brand.fonts[0])):
        parts.append(f"type set in {font}")
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def metadata_of(
    setup: Setup, narrator: Narrator, scene: SceneContent, beat: str, structure: str, *, is_last: bool
) -> dict[str, JSONValue]:
    """What a renderer or a person may want to know beside the text; `headline` is a short line for the screen."""
    return {
        "beat": beat,
        "structure": structure,
        "tone": setup.tone.name,
        "style": setup.brief.ad.style,
        "headline": _headline(setup, narrator, scene, beat, is_last=is_last),
    }


def asset_ids_of(assets: Sequence[SceneAsset]) -> tuple[str, ...]:
    return tuple(asset.asset_id for asset in assets)


def _scene_count(setup: Setup) -> int:
    brief = setup.brief
    pace = max(-1, min(1, setup.tone.pace + setup.directions.pace - setup.directions.length))
    try:
        return expected_scene_count(
            brief.video.duration_ms, len(brief.visual_assets), brief.limits, brief.backend, pace=pace
        )
    except ValueError:
        low_ms, high_ms = scene_bounds_ms(brief.video.duration_ms, brief.limits, brief.backend)
        raise DurationOutOfReach(
            f"A film of {brief.video.duration_ms / 1000:g} s cannot be told in {brief.limits.min_scenes} to "
            f"{brief.limits.max_scenes} scenes of {low_ms / 1000:g} to {high_ms / 1000:g} s each, which is what the "
            f"{brief.backend.name} backend makes. Ask for a shorter film or another backend.",
            details={"backend": brief.backend.name, "longestSceneSeconds": high_ms / 1000},
        ) from None


def _lengths(setup: Setup, beats: Sequence[str], musts: Sequence[Sequence[str]], random: Random) -> tuple[int, ...]:
    """Lengths with a rhythm: unequal as the tone has it, long enough for what must be said, exact in total."""
    total_ms = setup.brief.video.duration_ms
    low_ms, high_ms = scene_bounds_ms(total_ms, setup.brief.limits, setup.brief.backend)
    weights = [_WEIGHTS.get(beat, 1.0) * (1 + setup.tone.rhythm * (random.random() - 0.5) * 2) for beat in beats]
    needed = [round(sum(spoken_words(line) for line in lines) * 1000 / setup.pace.most) for lines in musts]
    most_ms = total_ms // 2 if len(beats) <= 3 else total_ms * 2 // 5
    lows = [min(high_ms, max(low_ms, min(need, most_ms))) for need in needed]
    if sum(lows) > total_ms:
        lows = [low_ms] * len(beats)
    return fitted_ms(spread_ms(total_ms, weights, lows, high_ms), lows, setup.brief.backend)


def _picture(
    setup: Setup,
    narrator: Narrator,
    beats: Sequence[str],
    index: int,
    shot: str,
    assets: tuple[SceneAsset, ...],
    elements: tuple[str, ...],
) -> Picture:
    brief, directions, is_last = setup.brief, setup.directions, index == len(beats) - 1
    return Picture(
        beat=beats[index],
        shot=shot,
        assets=assets,
        elements=elements,
        wishes=directions.wishes if index == len(beats) // 2 else (),
        setting=directions.setting if not is_last else None,
        people=False if directions.no_people else (True if directions.more_people and not is_last else None),
        style=brief.ad.style if index == 0 else "",
        colors=brief.brand.colors[:3] if index == min(1, len(beats) - 2) else (),
        end_card=end_card_of(setup, narrator) if is_last else "",
    )


def _headline(setup: Setup, narrator: Narrator, scene: SceneContent, beat: str, *, is_last: bool) -> str:
    ad = setup.brief.ad
    if is_last and ad.call_to_action:
        return shortened(speakable(ad.call_to_action), _HEADLINE_WORDS)
    message = speakable(ad.key_message).rstrip(".")
    if message and spoken_words(message) <= 9 and sentence_key(message) in sentence_key(scene.script):
        return message
    name = narrator.product.name[:1].upper() + narrator.product.name[1:]
    if beat in ("reveal", "voice_turn", "countdown_open"):
        return name
    short = [part for part in sentences(scene.script) if spoken_words(part) <= _HEADLINE_WORDS]
    telling = [part for part in short if not part.startswith("Number ")]
    return max(telling, key=spoken_words) if telling else name
