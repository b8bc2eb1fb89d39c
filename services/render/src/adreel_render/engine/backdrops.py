"""Turns a scene's media into its shot: each picture framed, laid on a plate, given a camera move.

Several media, or a montage of one, are cut together inside the scene. On the last scene the shot gives way to
its own blurred and dimmed backdrop when the end card comes. Without media the ground is the brand's gradient.
"""

import contextlib
from dataclasses import dataclass

import cv2

from adreel_render.engine.clip_source import ClipReader, ClipShot, clip_fills
from adreel_render.engine.colour import YUV, RGBImage, as_plane, yuv_to_rgb
from adreel_render.engine.framing import Decision, Framing, decide_framing
from adreel_render.engine.layout import Box, Layout, arrange
from adreel_render.engine.motion import Move, ShotType, View, choose_move
from adreel_render.engine.palette import Palette
from adreel_render.engine.pictures import Picture, load_picture
from adreel_render.engine.planes import OVERSAMPLING, Easel, Plate, plate_size
from adreel_render.engine.plates import brand_gradient, compose, dimmed_backdrop
from adreel_render.engine.shots import CutTogether, GivingWay, Shot, StillShot
from adreel_render.engine.spec import REFERENCE_ROLE, Canvas, Medium, MediumKind, SceneSpec
from adreel_render.engine.text_plan import TextPlan
from adreel_render.engine.typesetting import is_rtl

_SHORTEST_PART_SECONDS = 0.9
_MOST_PARTS = 6
_GIVE_WAY_SECONDS = 0.6
_MONTAGE_LONGEST_PART_SECONDS = 2.0
_MONTAGE_CLOSER = (1.0, 1.4, 1.22)
"""How much closer the camera goes at each sight of a picture that a montage shows more than once."""
_MONTAGE = (ShotType.MEDIUM, ShotType.CLOSE_UP, ShotType.OVER_THE_SHOULDER)


@dataclass(frozen=True, slots=True)
class _Part:
    """A medium and the frames in which it is seen; a picture is opened and framed, a clip is not."""

    medium: Medium
    start: int
    end: int
    place: int
    picture: Picture | None
    decision: Decision | None


def media_shot(spec: SceneSpec, canvas: Canvas, palette: Palette, plan: TextPlan) -> tuple[Shot, Layout]:
    """The shot of a scene that has media, and the layout that goes with it."""
    parts = _parts(spec, canvas)
    has_type = bool(plan.phrases or plan.title)
    is_split = has_type and len(parts) == 1 and not _fills(parts[0], canvas)
    from_right = is_rtl(plan.title or "")
    layout = arrange(
        canvas,
        is_split=is_split,
        has_title=bool(plan.title),
        from_right=from_right,
        has_wide_card=has_type and len(parts) == 1 and _is_wide_card(parts[0]),
    )
    easel = Easel(canvas)
    shots = [_part_shot(part, len(parts), spec, canvas, layout, palette, easel) for part in parts]
    shot: Shot = shots[0] if len(shots) == 1 else CutTogether([(p.start, s) for p, s in zip(parts, shots, strict=True)])
    if plan.end_card_start is not None:
        shot = _with_backdrop(shot, parts, plan.end_card_start, spec, canvas)
    return shot, layout


def _fills(part: _Part, canvas: Canvas) -> bool:
    if part.decision is not None:
        return part.decision.framing is Framing.FILL
    with contextlib.closing(ClipReader(part.medium)) as reader:
        return clip_fills(reader.at(0.0), canvas)


def _is_wide_card(part: _Part) -> bool:
    if part.picture is None or part.decision is None:
        return False
    return part.decision.framing is Framing.CARD and part.picture.aspect > 1.15


def _part_shot(
    part: _Part, of: int, spec: SceneSpec, canvas: Canvas, layout: Layout, palette: Palette, easel: Easel
) -> Shot:
    if part.picture is None or part.decision is None:
        place = layout.card if layout.is_split else Box(0, 0, canvas.width_px, canvas.height_px)
        return ClipShot(part.medium, canvas, place, start=part.start, end=part.end)
    move = _move(part.picture, part.decision, spec, canvas, part, of)
    plate = _plate(part.picture, part.decision, canvas, layout, palette, move, spec.seed)
    return StillShot(Plate(plate), move, canvas, easel, start=part.start, end=part.end)


def brand_shot(spec: SceneSpec, canvas: Canvas, palette: Palette) -> tuple[Shot, Layout]:
    """The brand's gradient, gently moving, for a scene without media."""
    side = 1.0 if spec.number % 2 else -1.0
    move = Move(View(1.12, -0.9 * side, -0.6), View(1.16, 0.9 * side, 0.6))
    plate = Plate(brand_gradient(plate_size(canvas, move.max_zoom), palette, spec.seed + spec.number))
    shot = StillShot(plate, move, canvas, Easel(canvas), start=0, end=spec.frame_count)
    return shot, arrange(canvas, is_split=False)


def _parts(spec: SceneSpec, canvas: Canvas) -> list[_Part]:
    """Which medium is seen when: several share the body evenly, a montage comes back to the first."""
    seconds = spec.body_frames / canvas.fps
    most = max(1, min(_MOST_PARTS, int(seconds / _SHORTEST_PART_SECONDS)))
    media = list(spec.media)
    if ShotType.of(spec.shot_type) is ShotType.MONTAGE:
        wanted = max(len(media), 3, round(seconds / _MONTAGE_LONGEST_PART_SECONDS))
        media = [media[place % len(media)] for place in range(wanted)]
    media = media[:most]
    cuts = [spec.head_frames + round(spec.body_frames * place / len(media)) for place in range(1, len(media))]
    edges = [0, *cuts, spec.frame_count]
    opened = {medium.key: _open(medium, canvas, prefers_fill=len(media) > 1) for medium in media}
    return [
        _Part(medium, edges[place], edges[place + 1], place, *opened[medium.key]) for place, medium in enumerate(media)
    ]


def _open(medium: Medium, canvas: Canvas, *, prefers_fill: bool) -> tuple[Picture, Decision] | tuple[None, None]:
    if medium.kind is MediumKind.VIDEO:
        return None, None
    sharp = OVERSAMPLING * 1.3
    cover = (round(canvas.width_px * sharp), round(canvas.height_px * sharp))
    picture = load_picture(medium.path, medium.key, cover_px=cover)
    is_reference = medium.role == REFERENCE_ROLE
    aspect = canvas.width_px / canvas.height_px
    return picture, decide_framing(picture, aspect, prefers_fill=prefers_fill, is_reference=is_reference)


def _move(picture: Picture, decision: Decision, spec: SceneSpec, canvas: Canvas, part: _Part, of: int) -> Move:
    shot_type = ShotType.of(spec.shot_type)
    if shot_type is ShotType.MONTAGE:
        shot_type = _MONTAGE[part.place % len(_MONTAGE)] if of > 1 else ShotType.MEDIUM
    ratio = min(1.45, max(1 / 1.45, picture.aspect * canvas.height_px / canvas.width_px))
    is_filled = decision.framing is Framing.FILL
    return choose_move(
        shot_type,
        seconds=(part.end - part.start) / canvas.fps,
        seed=spec.seed,
        index=spec.number * 10 + part.place,
        focus=decision.focus,
        room=(max(0.0, ratio - 1), max(0.0, 1 / ratio - 1)) if is_filled else (0.0, 0.0),
        is_contained=not is_filled,
        closer=_MONTAGE_CLOSER[part.place % 3] if of > len(spec.media) else 1.0,
    )


def _plate(
    picture: Picture, decision: Decision, canvas: Canvas, layout: Layout, palette: Palette, move: Move, seed: int
) -> RGBImage:
    size = plate_size(canvas, move.max_zoom)
    scale = size[0] / canvas.width_px
    card = Box(*(round(value * scale) for value in layout.card))
    return compose(picture, decision, size, card, palette, seed)


def dimmed_from(end_card_start: int | None, canvas: Canvas) -> int | None:
    """The frame from which on the end card's ground alone is seen; None without an end card."""
    return None if end_card_start is None else end_card_start + round(_GIVE_WAY_SECONDS * canvas.fps)


def _with_backdrop(shot: Shot, parts: list[_Part], start: int, spec: SceneSpec, canvas: Canvas) -> Shot:
    """The shot, giving way to its own blurred and dimmed picture when the end card comes."""
    move = Move(View(1.0, 0.0, 0.0), View(1.06, 0.0, 0.0))
    seen = _seen_at(shot, parts, min(start, spec.frame_count - 1), canvas)
    # Half size is plenty for a blur, and its scale of about one half has good windows.
    width, height = plate_size(canvas, move.max_zoom)
    backdrop = Plate(dimmed_backdrop(seen, (width // 4 * 2, height // 4 * 2)))
    second = StillShot(backdrop, move, canvas, Easel(canvas), start=0, end=spec.frame_count)
    if start <= spec.copied_frames[0]:
        return second
    length = round(_GIVE_WAY_SECONDS * canvas.fps)
    return GivingWay(shot, second, start=max(0, start - length // 3), end=start + length)


def _seen_at(shot: Shot, parts: list[_Part], index: int, canvas: Canvas) -> RGBImage:
    """What is filmed at a frame: of a card the picture on it, or its edges would be seen through the blur."""
    part = next(part for part in reversed(parts) if part.start <= index)
    if part.picture is not None and part.decision is not None and part.decision.framing is Framing.CARD:
        return part.picture.rgb
    size = (canvas.width_px // 16 * 2, canvas.height_px // 16 * 2)
    small = YUV(
        *(
            as_plane(cv2.resize(plane, (size[0] // half, size[1] // half), interpolation=cv2.INTER_AREA))
            for plane, half in zip(shot.read(index), (1, 2, 2), strict=True)
        )
    )
    return yuv_to_rgb(small)
