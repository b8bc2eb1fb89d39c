"""From an approved scene to what is asked of a paid model: its words, its lengths, its picture. Pure.

The model makes the picture alone: captions, title and end card are drawn over it here, by the same code as over any
other medium, so nothing that can be read is asked of it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from adreel_render.domain.events import CostLine
from adreel_render.domain.prices import VideoPrice
from adreel_render.domain.purchases import JSON, Provider, PurchaseOrder, ReferencePicture, canonical_inputs
from adreel_render.domain.request import RenderRequested, RequestedAsset, RequestedScene

PAID_BACKENDS: Mapping[str, Provider] = {"replicate": "replicate", "gemini": "gemini"}

_MOST_DESCRIPTION = 1200
_MOST_WORD = 200
_UNWANTED = "text, captions, subtitles, lettering, logos, watermarks"
_SHOTS = {
    "wide": "Wide establishing shot",
    "medium": "Medium shot",
    "close up": "Close-up",
    "montage": "A quick montage of details",
    "product feature": "Close product shot with the product in the centre",
    "over the shoulder": "Over-the-shoulder shot",
    "aerial": "Aerial shot",
    "point of view": "Point-of-view shot",
}
_PICTURES = frozenset({"jpeg", "jpg", "png", "webp"})


@dataclass(frozen=True, slots=True)
class ScenePart:
    """One clip of a scene: `number` of `of_total`, `seconds` long."""

    number: int
    of_total: int
    seconds: int


def parts_of(price: VideoPrice, seconds: float) -> tuple[ScenePart, ...]:
    """The clips that cover a scene, in order."""
    lengths = price.clips_for(seconds)
    return tuple(ScenePart(number, len(lengths), length) for number, length in enumerate(lengths, start=1))


def prompt_for(request: RenderRequested, scene: RequestedScene, part: ScenePart) -> str:
    """What the model is told: what is seen, how it is filmed, in which look; and nothing to read."""
    shot = _SHOTS.get(re.sub(r"[-_\s]+", " ", scene.shot_type).strip().lower(), "")
    brand_tone = request.brand.tone if request.brand else None
    look = [
        f"Style: {_clean(request.brief.style, _MOST_WORD)}." if request.brief.style else "",
        f"Mood: {_clean(request.brief.tone or brand_tone or '', _MOST_WORD)}."
        if request.brief.tone or brand_tone
        else "",
        f"The product is {_clean(request.brief.product, _MOST_WORD)}." if request.brief.product else "",
    ]
    pieces = [
        f"{shot}." if shot else "",
        _sentence(_clean(scene.description, _MOST_DESCRIPTION)),
        *look,
        f"Part {part.number} of {part.of_total} of one continuous scene." if part.of_total > 1 else "",
        "Cinematic advertising footage with natural motion. No text, captions, logos or watermarks anywhere.",
    ]
    return " ".join(piece for piece in pieces if piece)


def inputs_for(request: RenderRequested, scene: RequestedScene, part: ScenePart) -> dict[str, JSON]:
    """The model's inputs. The film has a soundtrack of its own, so sound is not paid for where it costs extra."""
    is_portrait = request.video.aspect_ratio == "9:16"
    inputs: dict[str, JSON] = {
        "prompt": prompt_for(request, scene, part),
        "duration": part.seconds,
        # Square films are cut from wide ones: no model here makes squares.
        "aspect_ratio": "9:16" if is_portrait else "16:9",
        "resolution": request.video.resolution,
    }
    if request.video.backend == "replicate":
        inputs |= {"generate_audio": False, "negative_prompt": _UNWANTED}
    return inputs


def hero_of(request: RenderRequested, scene: RequestedScene) -> RequestedAsset | None:
    """The scene's picture that the clip is to be true to: its hero, else its first photograph."""
    shown = [asset for asset in map(request.asset, scene.asset_ids) if asset is not None]
    pictures = [one for one in shown if one.type == "image" and one.format in _PICTURES and one.role != "logo"]
    return next((one for one in pictures if one.role == "hero"), pictures[0] if pictures else None)


def work_key_for(
    request: RenderRequested,
    scene: RequestedScene,
    part: ScenePart,
    price: VideoPrice,
    *,
    picture: RequestedAsset | None,
) -> str:
    """The name of a clip: it holds the scene and all that shapes the clip, and nothing of this render."""
    inputs = canonical_inputs(inputs_for(request, scene, part))
    parts = [str(request.job_id), str(scene.id), price.model, inputs, str(part.number)]
    key = hashlib.sha256("\n".join([*parts, picture.sha256 if picture else ""]).encode()).hexdigest()
    return f"scene/{key}"


def order_for(
    request: RenderRequested,
    scene: RequestedScene,
    part: ScenePart,
    price: VideoPrice,
    *,
    hero: RequestedAsset | None,
    reference: ReferencePicture | None,
) -> PurchaseOrder:
    """One clip to be bought."""
    inputs = inputs_for(request, scene, part)
    return PurchaseOrder(
        work_key=work_key_for(request, scene, part, price, picture=hero if reference is not None else None),
        subject=str(request.job_id),
        client_id=request.client_id,
        medium="video",
        provider=PAID_BACKENDS[request.video.backend],
        model=price.model,
        inputs=inputs,
        reference=reference,
        estimate=CostLine(
            kind="video",
            description=f"Scene {scene.scene_number}, {part.seconds} s of video by {price.model}",
            provider=price.provider,
            model=price.model,
            quantity=part.seconds,
            unit="second",
            amount_micros=part.seconds * price.micros_per_second(request.video.resolution, with_audio=False),
            state="estimated",
        ),
        round=str(request.render_id),
    )


def takes_subject(inputs: Mapping[str, JSON]) -> bool:
    """Whether veo keeps to a subject's looks here; elsewhere the clip begins with the picture."""
    return (inputs["aspect_ratio"], inputs["duration"]) == ("16:9", 8)


def _clean(text: str, most: int) -> str:
    """One line of plain words, cut at a word where it is too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0]


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else f"{text}."
