"""A local stand-in for a generated clip: a previsualisation that says it is one.

It shows the reference picture under a camera move, or without one a ground in colours that the prompt names, and over
it the prompt's gist in pieces, as captions are. A label in the corner says what it is, so that nobody takes it for a
model's film. Enough to judge ratio, length, pace and camera before a clip is paid for. The same arguments give the
same frames.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

from adreel_render.engine.captions import columns, spoken_text
from adreel_render.engine.colour import mix
from adreel_render.engine.elements import Element
from adreel_render.engine.figure import clothes_of
from adreel_render.engine.fonts import Weight
from adreel_render.engine.layout import Box, safe_area
from adreel_render.engine.lettering import bar, text_style, words
from adreel_render.engine.motion import ShotType
from adreel_render.engine.palette import WHITE, choose_palette
from adreel_render.engine.scene import Cancelled, Progress, encode_stage
from adreel_render.engine.scrims import choose_reading, read_ground, soft_scrim
from adreel_render.engine.spec import Brand, Canvas, ClipInfo, Medium, SceneSpec
from adreel_render.engine.sprites import stacked
from adreel_render.engine.stage import Stage, build_stage
from adreel_render.engine.typesetting import Align, set_text

LABEL = "PREVISUALISATION"

# Reading aloud is about 15 letters a second; a little less leaves time for the picture.
_COLUMNS_PER_SECOND = 13
_LEAST_COLUMNS = 28
_HUES = ("slateblue", "teal", "coral", "goldenrod", "seagreen", "orchid", "steelblue", "tomato")
_LEAST_LIVELY = 40
"""Black, white and grey name no mood; a ground takes its colour from others."""


@dataclass(frozen=True, slots=True)
class Previsualisation:
    """What is to be seen: a prompt's words for so many frames of a canvas, over a picture if there is one."""

    prompt: str
    frame_count: int
    canvas: Canvas
    picture: Medium | None = None
    seed: int = 0

    @property
    def seconds(self) -> float:
        return self.frame_count / self.canvas.fps


def draw_previsualisation(
    wanted: Previsualisation,
    out_path: Path,
    *,
    progress: Progress = lambda done, total: None,
    cancelled: Cancelled = lambda: False,
) -> ClipInfo:
    """Draw and encode the clip at `out_path`, without sound; raises and leaves nothing as `render_scene` does."""
    spec = previsualisation_spec(wanted)
    return encode_stage(
        previsualisation_stage(wanted, spec), spec, wanted.canvas, out_path, progress=progress, cancelled=cancelled
    )


def previsualisation_spec(wanted: Previsualisation) -> SceneSpec:
    """The scene that the clip is drawn as: one in the middle of a film, so that nothing is opened or closed."""
    colors, tone = _colours(wanted.prompt, wanted.seed)
    return SceneSpec(
        number=2,
        of_total=3,
        body_frames=wanted.frame_count,
        media=(wanted.picture,) if wanted.picture else (),
        script=gist(wanted.prompt, wanted.seconds),
        shot_type=shot_of(wanted.prompt).value,
        brand=Brand(colors=colors),
        tone=tone,
        seed=wanted.seed,
    )


def previsualisation_stage(wanted: Previsualisation, spec: SceneSpec) -> Stage:
    """The scene with its label."""
    stage = build_stage(spec, wanted.canvas)
    return Stage(stage.shot, (*stage.elements, *_label(wanted, spec, stage)))


def gist(prompt: str, seconds: float) -> str:
    """As much of the prompt as can be read in that time: whole sentences, else the beginning of the first."""
    text = spoken_text(prompt)
    most = max(_LEAST_COLUMNS, round(seconds * _COLUMNS_PER_SECOND))
    if columns(text) <= most:
        return text
    kept = ""
    for sentence in re.split(r"(?<=[.!?…。！？])\s+", text):
        longer = f"{kept} {sentence}".strip()
        if columns(longer) > most:
            break
        kept = longer
    return kept or _shortened(text, most)


def _shortened(text: str, most: int) -> str:
    """The beginning of a text, cut behind a word."""
    end, width = 0, 1
    while end < len(text) and width + columns(text[end]) <= most:
        width += columns(text[end])
        end += 1
    head = text[:end]
    if end < len(text) and not text[end].isspace() and (blank := head.rfind(" ")) > end // 2:
        head = head[:blank]
    return head.rstrip(" ,;:-–—") + "…"


_SHOTS = (
    (ShotType.CLOSE_UP, r"close[- ]?ups?|macro|extreme close"),
    (ShotType.AERIAL, r"aerial|drone|bird'?s[- ]eye|from above"),
    (ShotType.POINT_OF_VIEW, r"pov|point of view|first[- ]person"),
    (ShotType.OVER_THE_SHOULDER, r"over[- ]the[- ]shoulder"),
    (ShotType.WIDE, r"wide|panoram\w*|landscape|establishing"),
)


def shot_of(prompt: str) -> ShotType:
    """The shot that a prompt asks for by the words of the trade."""
    text = prompt.lower()
    found = ((match.start(), shot) for shot, words in _SHOTS if (match := re.search(rf"\b(?:{words})\b", text)))
    return min(found, default=(0, ShotType.MEDIUM))[1]


def _colours(prompt: str, seed: int) -> tuple[tuple[str, ...], str | None]:
    """The first two colours that the prompt names; else its own words choose a set; else one of a few by seed."""
    named = clothes_of(re.findall(r"[a-z]+", prompt.lower()))
    lively = tuple(color for color in named if max(color) - min(color) > _LEAST_LIVELY)
    if lively:
        return tuple("#{:02x}{:02x}{:02x}".format(*color) for color in lively), None
    if choose_palette(Brand(), tone=prompt) != choose_palette(Brand()):
        return (), prompt
    return (random.Random(f"{seed}/{prompt}").choice(_HUES),), None


def _label(wanted: Previsualisation, spec: SceneSpec, stage: Stage) -> list[Element]:
    """What this is, and in what form, in the upper left corner from the first frame to the last."""
    canvas, short = wanted.canvas, wanted.canvas.short_side_px
    safe = safe_area(canvas)
    room = (round(safe.width * 0.9), round(short * 0.06))
    name = set_text(LABEL, text_style(short, 0.026, weight=Weight.SEMIBOLD, max_lines=1, align=Align.START), room)
    ratio = {True: "9:16", False: "16:9"}[canvas.is_portrait]
    ratio = "1:1" if canvas.width_px == canvas.height_px else ratio
    shot = shot_of(wanted.prompt)
    facts = [*([shot.value.capitalize()] if shot is not ShotType.MEDIUM else []), f"{wanted.seconds:g} s", ratio]
    note = set_text(
        "  ·  ".join(facts), text_style(short, 0.024, weight=Weight.REGULAR, max_lines=1, align=Align.START), room
    )
    thick, gap = max(4, round(short * 0.006)), round(short * 0.012)
    top = safe.top + thick + gap
    box = Box(
        safe.left,
        safe.top,
        max(name.width_px, note.width_px),
        thick + 2 * gap + name.height_px + note.height_px,
    )
    last = spec.frame_count - 1
    reading = choose_reading(read_ground(stage.shot.read, (0, last // 2, last), box))
    palette = choose_palette(spec.brand, tone=spec.tone)
    scrim = soft_scrim(canvas, box, reading)
    sprite = stacked(
        [
            *([scrim] if scrim else []),
            bar(Box(box.left, box.top, round(short * 0.06), thick), mix(palette.accent, WHITE, 0.3)),
            words(name, box.left, top, reading.ink, shadow=0.5),
            words(note, box.left, top + name.height_px + gap // 2, reading.ink, shadow=0.5),
        ]
    )
    return [Element(sprite, 0, spec.frame_count)]
