"""Turns a scene's media into its shot: each picture framed, laid on a plate, given a camera move.

Several media, or a montage of one, are cut together inside the scene. On the last scene the shot gives way to
its own blurred and dimmed backdrop when the end card comes. Without media the ground is the brand's gradient.
"""

from adreel_render.engine.colour import RGBImage
from adreel_render.engine.framing import Decision, Framing, decide_framing
from adreel_render.engine.layout import Box, Layout, arrange
from adreel_render.engine.motion import Move, ShotType, View, choose_move
from adreel_render.engine.palette import Palette
from adreel_render.engine.pictures import Picture, load_picture
from adreel_render.engine.planes import OVERSAMPLING, Easel, Plate, plate_size
from adreel_render.engine.plates import brand_gradient, compose, dimmed_backdrop
from adreel_render.engine.shots import CutTogether, GivingWay, Shot, StillShot
from adreel_render.engine.spec import Canvas, Medium, MediumKind, SceneSpec
from adreel_render.engine.text_plan import TextPlan

_SHORTEST_PART_SECONDS = 0.9
_MOST_PARTS = 6
_GIVE_WAY_SECONDS = 0.6
_MONTAGE_LONGEST_PART_SECONDS = 2.0


def media_shot(spec: SceneSpec, canvas: Canvas, palette: Palette, plan: TextPlan) -> tuple[Shot, Layout]:
    """The shot of a scene that has media, and the layout that goes with it."""
    parts = _parts(spec, canvas)
    has_type = bool(plan.phrases or plan.title)
    pictures = [_open(medium, canvas) for medium, _ in parts]
    decisions = [decide_framing(picture, canvas.width_px / canvas.height_px) for picture in pictures]
    is_split = has_type and len(parts) == 1 and decisions[0].framing is not Framing.FILL
    layout = arrange(canvas, is_split=is_split)
    easel = Easel(canvas)
    edges = [*(start for _, start in parts), spec.frame_count]
    shots: list[tuple[int, Shot]] = []
    last_plate: RGBImage | None = None
    for place, (picture, decision) in enumerate(zip(pictures, decisions, strict=True)):
        start, end = edges[place], edges[place + 1]
        move = _move(picture, decision, spec, canvas, seconds=(end - start) / canvas.fps, place=place, of=len(parts))
        last_plate = _plate(picture, decision, canvas, layout, palette, move, spec.seed)
        shots.append((start, StillShot(Plate(last_plate), move, canvas, easel, start=start, end=end)))
    shot: Shot = shots[0][1] if len(shots) == 1 else CutTogether(shots)
    if plan.end_card_start is not None and last_plate is not None:
        shot = _with_backdrop(shot, last_plate, plan.end_card_start, spec, canvas)
    return shot, layout


def brand_shot(spec: SceneSpec, canvas: Canvas, palette: Palette) -> tuple[Shot, Layout]:
    """The brand's gradient, gently moving, for a scene without media."""
    side = 1.0 if spec.number % 2 else -1.0
    move = Move(View(1.12, -0.9 * side, -0.6), View(1.16, 0.9 * side, 0.6))
    plate = Plate(brand_gradient(plate_size(canvas, move.max_zoom), palette, spec.seed + spec.number))
    shot = StillShot(plate, move, canvas, Easel(canvas), start=0, end=spec.frame_count)
    return shot, arrange(canvas, is_split=False)


def _parts(spec: SceneSpec, canvas: Canvas) -> list[tuple[Medium, int]]:
    """Which medium is seen from which frame on."""
    seconds = spec.body_frames / canvas.fps
    most = max(1, min(_MOST_PARTS, int(seconds / _SHORTEST_PART_SECONDS)))
    media = list(spec.media)
    if ShotType.of(spec.shot_type) is ShotType.MONTAGE:
        wanted = max(len(media), 3, round(seconds / _MONTAGE_LONGEST_PART_SECONDS))
        media = [media[place % len(media)] for place in range(wanted)]
    media = media[:most]
    starts = [spec.head_frames + round(spec.body_frames * place / len(media)) for place in range(len(media))]
    return list(zip(media, [0, *starts[1:]], strict=True))


def _open(medium: Medium, canvas: Canvas) -> Picture:
    if medium.kind is MediumKind.VIDEO:
        raise NotImplementedError
    sharp = OVERSAMPLING * 1.3
    return load_picture(
        medium.path, medium.key, cover_px=(round(canvas.width_px * sharp), round(canvas.height_px * sharp))
    )


def _move(
    picture: Picture, decision: Decision, spec: SceneSpec, canvas: Canvas, *, seconds: float, place: int, of: int
) -> Move:
    shot_type = ShotType.of(spec.shot_type)
    if shot_type is ShotType.MONTAGE and of > 1:
        shot_type = (ShotType.MEDIUM, ShotType.CLOSE_UP, ShotType.OVER_THE_SHOULDER)[place % 3]
    ratio = picture.aspect * canvas.height_px / canvas.width_px
    ratio = min(1.45, max(1 / 1.45, ratio))
    is_filled = decision.framing is Framing.FILL
    room = (max(0.0, ratio - 1), max(0.0, 1 / ratio - 1)) if is_filled else (0.0, 0.0)
    return choose_move(
        shot_type,
        seconds=seconds,
        seed=spec.seed,
        index=spec.number * 10 + place,
        focus=decision.focus,
        room=room,
        is_contained=not is_filled,
    )


def _plate(
    picture: Picture, decision: Decision, canvas: Canvas, layout: Layout, palette: Palette, move: Move, seed: int
) -> RGBImage:
    size = plate_size(canvas, move.max_zoom)
    scale = size[0] / canvas.width_px
    card = Box(*(round(value * scale) for value in layout.card))
    return compose(picture, decision, size, card, palette, seed)


def _with_backdrop(shot: Shot, plate: RGBImage, start: int, spec: SceneSpec, canvas: Canvas) -> Shot:
    """The shot, blurred and dimmed from the frame on at which the end card comes."""
    move = Move(View(1.0, 0.0, 0.0), View(1.06, 0.0, 0.0))
    backdrop = Plate(dimmed_backdrop(plate, plate_size(canvas, move.max_zoom)))
    second = StillShot(backdrop, move, canvas, Easel(canvas), start=0, end=spec.frame_count)
    length = round(_GIVE_WAY_SECONDS * canvas.fps)
    if start <= spec.copied_frames[0]:
        return second
    return GivingWay(shot, second, start=start - length // 3, end=start + length)
