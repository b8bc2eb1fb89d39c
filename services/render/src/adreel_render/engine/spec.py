"""What a scene is to the engine: plain values, no files opened, no service known.

A `SceneSpec` together with a `Canvas` says everything that shapes a scene clip; two equal pairs draw
the same frames. Lengths are frame counts on the canvas' own frame rate. A clip holds

    head_frames + body_frames + tail_frames

where head and tail are *handles*: extra frames that a transition with the neighbouring scene uses up.
A film is as long as its bodies together, so a transition never changes the length of the track.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from PIL import ImageColor

ASPECT_RATIOS = ("16:9", "9:16", "1:1")
RESOLUTIONS = ("720p", "1080p")
FRAME_RATES = (24, 25, 30)

_SHORT_SIDE_PX = {"720p": 720, "1080p": 1080}


@dataclass(frozen=True, slots=True)
class Canvas:
    """The picture that is drawn: its size, both sides even, and its whole frame rate."""

    width_px: int
    height_px: int
    fps: int

    def __post_init__(self) -> None:
        if self.width_px < 16 or self.height_px < 16 or self.width_px % 2 or self.height_px % 2:
            raise ValueError(f"a canvas has even sides of 16 pixels or more, not {self.width_px}x{self.height_px}")
        if not 1 <= self.fps <= 120:
            raise ValueError(f"a canvas has 1 to 120 frames a second, not {self.fps}")

    @classmethod
    def of(cls, aspect_ratio: str = "16:9", resolution: str = "1080p", fps: int = 30) -> Self:
        """The canvas of a job's `video` settings; raises ValueError for a word that is not taken."""
        if aspect_ratio not in ASPECT_RATIOS:
            raise ValueError(f"aspect ratio {aspect_ratio!r} is none of {', '.join(ASPECT_RATIOS)}")
        if resolution not in _SHORT_SIDE_PX:
            raise ValueError(f"resolution {resolution!r} is none of {', '.join(RESOLUTIONS)}")
        if fps not in FRAME_RATES:
            raise ValueError(f"{fps} frames a second is none of {', '.join(map(str, FRAME_RATES))}")
        short = _SHORT_SIDE_PX[resolution]
        long = short * 16 // 9
        sides = {"16:9": (long, short), "9:16": (short, long), "1:1": (short, short)}[aspect_ratio]
        return cls(*sides, fps)

    @property
    def short_side_px(self) -> int:
        """The shorter side: type and margins are sized from it, so they look alike in every format."""
        return min(self.width_px, self.height_px)

    @property
    def is_portrait(self) -> bool:
        """True for 9:16, where players lay their own controls over the lowest part of the picture."""
        return self.height_px > self.width_px

    def frames(self, seconds: float) -> int:
        """The whole number of frames nearest to a length of time, at least one."""
        return max(1, round(seconds * self.fps))


REFERENCE_ROLE = "reference"
"""The role of a picture that shows what something looks like: it is never cropped to fill a canvas of another shape."""


class MediumKind(StrEnum):
    """What a medium's bytes are, as found by whoever stored them."""

    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Medium:
    """A source picture or clip on the local disk.

    `key` is the SHA-256 of its bytes and alone stands for it in a scene's key: `path` may differ from
    run to run. `role` is the word its owner gave it ("hero", "logo", "background"), if any.
    `start_seconds` is where a clip's used range begins.
    """

    key: str
    path: Path
    kind: MediumKind = MediumKind.IMAGE
    role: str | None = None
    start_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Brand:
    """A client's look. Colours are kept as given; `rgb_colors` are those that can be read.

    `logo_key` is the SHA-256 of the logo's bytes; without it the engine hashes the file for the scene key.
    """

    colors: tuple[str, ...] = ()
    logo: Path | None = None
    tone: str | None = None
    font: str | None = None
    logo_key: str | None = None

    @property
    def rgb_colors(self) -> tuple[tuple[int, int, int], ...]:
        """The colours as (R, G, B), 0..255, in the order given; what is no colour is left out."""
        parsed = (parse_color(text) for text in self.colors)
        return tuple(dict.fromkeys(color for color in parsed if color is not None))


def parse_color(text: str) -> tuple[int, int, int] | None:
    """`#rgb`, `#rrggbb` (with or without `#`) or a CSS colour name as (R, G, B); None for anything else."""
    word = text.strip().lower()
    if re.fullmatch(r"[0-9a-f]{3}|[0-9a-f]{6}", word):
        word = f"#{word}"
    is_plain = re.fullmatch(r"#[0-9a-f]{3}|#[0-9a-f]{6}|[a-z]{3,30}", word)
    try:
        return ImageColor.getrgb(word)[:3] if is_plain else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One scene as it is to be drawn.

    `copy_start` and `copy_end` bound the frames that the composer copies unchanged (`transitions.clip_frames`
    knows them); left out, the transition windows are taken to lie evenly about the cuts. Text keeps clear
    of the windows, so that two scenes' words never mix.

    `script` is the text spoken or read in the scene and becomes its captions when `captions` is set.
    `headline` is a short line set large; the first scene shows it (or `product`) as its title, others
    only when it is given. `call_to_action` is drawn, as an end card, on the last scene alone.
    `spoken_frames` bounds the body's frames in which a voice says the script, where there is one: captions follow it.
    `seed` varies camera moves between jobs; `style` and `tone` are free words that choose a palette
    when the brand gives no colours.
    """

    number: int
    of_total: int
    body_frames: int
    head_frames: int = 0
    tail_frames: int = 0
    copy_start: int | None = None
    copy_end: int | None = None
    media: tuple[Medium, ...] = ()
    script: str = ""
    headline: str | None = None
    call_to_action: str | None = None
    product: str | None = None
    shot_type: str = "medium"
    captions: bool = True
    brand: Brand = field(default_factory=Brand)
    seed: int = 0
    style: str | None = None
    tone: str | None = None
    spoken_frames: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.body_frames < 1 or self.head_frames < 0 or self.tail_frames < 0:
            raise ValueError("a scene has a body of at least one frame and handles of none or more")
        if not 1 <= self.number <= self.of_total:
            raise ValueError(f"scene {self.number} of {self.of_total} does not exist")

    @property
    def frame_count(self) -> int:
        """All frames of the clip, handles included."""
        return self.head_frames + self.body_frames + self.tail_frames

    @property
    def copied_frames(self) -> tuple[int, int]:
        """First frame that no transition touches, and the one after the last."""
        start = 2 * self.head_frames if self.copy_start is None else self.copy_start
        end = self.frame_count - 2 * self.tail_frames if self.copy_end is None else self.copy_end
        start = min(max(start, 0), self.frame_count)
        return start, min(max(end, start), self.frame_count)

    @property
    def is_first(self) -> bool:
        """True for the scene that opens the film and introduces the product."""
        return self.number == 1

    @property
    def is_last(self) -> bool:
        """True for the scene that closes the film and carries the call to action."""
        return self.number == self.of_total


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """A scene clip that has been written: where it is, and how it may be cut."""

    path: Path
    frame_count: int
    head_frames: int
    tail_frames: int
    size_bytes: int
