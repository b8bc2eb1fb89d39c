"""What a film consists of: clips in order, the transitions around them, sound and poster.

Pure values and arithmetic. `FilmPlan` checks itself when it is made: whatever exists can be composed,
and its length is exactly the sum of the bodies.
"""

from dataclasses import dataclass, field
from pathlib import Path

from adreel_render.engine.cues import AudioPlan
from adreel_render.engine.encoder import EncoderSettings
from adreel_render.engine.errors import CompositionError
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import CUT, Transition


@dataclass(frozen=True)
class FilmClip:
    """One encoded clip. `key` names its bytes, handles included: equal keys mean equal pictures.

    Handles the file lacks are made by holding its first or last frame; those a transition does not
    use are skipped.
    """

    path: Path
    key: str
    body_frames: int
    head_frames: int = 0
    tail_frames: int = 0

    @property
    def frame_count(self) -> int:
        return self.head_frames + self.body_frames + self.tail_frames


@dataclass(frozen=True)
class Window:
    """A transition at its place: before clip `clip_after` (which is one past the last for a closing)."""

    transition: Transition
    clip_before: int | None
    clip_after: int | None
    film_start: int


@dataclass(frozen=True)
class FilmPlan:
    """A film to be made. `transitions[i]` stands between clip i and clip i + 1.

    `opening` may be a fade in, `closing` a fade out; both lie within the bodies of the first and last
    clip. `poster_frame` is a frame of the film; None takes one from the middle of the first body.
    """

    canvas: Canvas
    clips: tuple[FilmClip, ...]
    transitions: tuple[Transition, ...] = ()
    opening: Transition = CUT
    closing: Transition = CUT
    audio: AudioPlan = field(default_factory=AudioPlan)
    settings: EncoderSettings = field(default_factory=EncoderSettings)
    poster_frame: int | None = None

    def __post_init__(self) -> None:
        if not self.clips:
            raise CompositionError("a film has at least one clip")
        if len(self.transitions) != len(self.clips) - 1:
            raise CompositionError("a film has one transition between each two clips")
        if any(min(c.body_frames - 1, c.head_frames, c.tail_frames) < 0 for c in self.clips):
            raise CompositionError("a clip has a body of at least one frame and no negative handles")
        if self.opening.frames_of_a or self.opening.head_handle_frames:
            raise CompositionError(f"a film cannot open with {self.opening.kind}")
        if self.closing.frames_of_b or self.closing.tail_handle_frames:
            raise CompositionError(f"a film cannot close with {self.closing.kind}")
        for clip in range(len(self.clips)):
            start, end = self.copied_body(clip)
            if start > end:
                raise CompositionError(f"clip {clip + 1} is too short for the transitions on both sides")
        if self.poster_frame is not None and not 0 <= self.poster_frame < self.frame_count:
            raise CompositionError("the poster frame lies outside the film")

    @property
    def frame_count(self) -> int:
        return sum(clip.body_frames for clip in self.clips)

    def body_start(self, clip: int) -> int:
        """Film frame at which the body of a clip starts."""
        return sum(c.body_frames for c in self.clips[:clip])

    def before(self, clip: int) -> Transition:
        return self.transitions[clip - 1] if clip else self.opening

    def after(self, clip: int) -> Transition:
        return self.transitions[clip] if clip < len(self.transitions) else self.closing

    def copied_body(self, clip: int) -> tuple[int, int]:
        """The frames of a clip's body, counted from its first, that no transition touches: [start, end)."""
        before = self.before(clip)
        start = before.frames_of_b - before.head_handle_frames
        return start, self.clips[clip].body_frames - self.after(clip).frames_before_cut

    def window_before(self, clip: int) -> Window | None:
        """The transition window before a clip (before `len(clips)`: the closing), if it has frames."""
        last = len(self.clips)
        transition = self.closing if clip == last else self.before(clip)
        if not transition.frames:
            return None
        return Window(
            transition=transition,
            clip_before=clip - 1 if clip > 0 else None,
            clip_after=clip if clip < last else None,
            film_start=self.body_start(clip) - transition.frames_before_cut,
        )
