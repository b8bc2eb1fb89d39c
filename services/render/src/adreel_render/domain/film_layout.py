"""How a storyboard becomes frames: exact bodies, the transitions between them, and the handles those need.

Invariant: the bodies add up to the film's length in frames, whatever the scenes' durations are; boundaries are
rounded, never lengths, so no error adds up. A scene's `transition` says how it comes in after the one before it.
"""

from dataclasses import dataclass
from itertools import pairwise

from adreel_render.domain.request import RenderRequested, RequestedScene
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import (
    CUT,
    ClipFrames,
    Transition,
    TransitionKind,
    clip_frames,
    fitting,
    transition_from_words,
)

# Half a second reads as a dissolve at any pace; slides and wipes look sluggish beyond it too.
_TRANSITION_SECONDS = 0.5
_FADE_SECONDS = 0.6


@dataclass(frozen=True, slots=True)
class FilmLayout:
    """Frames of a whole film: one `ClipFrames` per scene, and what stands around them."""

    canvas: Canvas
    clips: tuple[ClipFrames, ...]
    transitions: tuple[Transition, ...]
    opening: Transition
    closing: Transition

    @property
    def frame_count(self) -> int:
        return sum(clip.body_frames for clip in self.clips)


def lay_out(request: RenderRequested) -> FilmLayout:
    """The layout of an approved storyboard. Raises ValueError for a canvas that cannot be made."""
    video = request.video
    canvas = Canvas.of(video.aspect_ratio, video.resolution, video.fps)
    if request.is_preview:
        canvas = preview_canvas(canvas)
    scenes = sorted(request.scenes, key=lambda scene: scene.scene_number)
    bodies = body_frames(scenes, canvas.fps)
    opening = _opening(scenes[0], bodies[0], canvas.fps)
    closing = _closing(scenes[-1], bodies[-1], canvas.fps)
    transitions = [
        _between(scene, *lengths, canvas.fps) for scene, lengths in zip(scenes[1:], pairwise(bodies), strict=True)
    ]
    around = [opening, *transitions, closing]
    clips = tuple(clip_frames(body, around[i], around[i + 1]) for i, body in enumerate(bodies))
    return FilmLayout(canvas, clips, tuple(transitions), opening, closing)


def preview_canvas(canvas: Canvas) -> Canvas:
    """A third of 1080p's side at half its rate: enough to judge cut, pace and words at an eighteenth of the pixels."""
    short = 360
    scale = short / canvas.short_side_px
    width, height = (2 * round(side * scale / 2) for side in (canvas.width_px, canvas.height_px))
    return Canvas(width, height, max(12, canvas.fps // 2))


def body_frames(scenes: list[RequestedScene], fps: int) -> list[int]:
    """Frames of each scene; their sum is the rounded sum of the durations."""
    ends = [0]
    seconds = 0.0
    for scene in scenes:
        seconds += scene.duration_seconds
        ends.append(max(ends[-1] + 1, round(seconds * fps)))
    return [end - start for start, end in pairwise(ends)]


def _between(scene: RequestedScene, body_before: int, body: int, fps: int) -> Transition:
    kind = transition_from_words(scene.transition) or TransitionKind.CUT
    seconds = _FADE_SECONDS if "fade" in kind.value and kind is not TransitionKind.CROSSFADE else _TRANSITION_SECONDS
    return fitting(Transition(kind, round(seconds * fps)), body_before, body)


def _opening(scene: RequestedScene, body: int, fps: int) -> Transition:
    # A film opens on its picture unless the storyboard asks for a fade: the first second has to catch the eye.
    if transition_from_words(scene.transition) in (TransitionKind.FADE_IN, TransitionKind.FADE_THROUGH_BLACK):
        return Transition(TransitionKind.FADE_IN, min(round(_FADE_SECONDS * fps), body // 2))
    return CUT


def _closing(scene: RequestedScene, body: int, fps: int) -> Transition:
    if transition_from_words(scene.transition) is TransitionKind.FADE_OUT:
        return Transition(TransitionKind.FADE_OUT, min(round(_FADE_SECONDS * fps), body // 2))
    return CUT
