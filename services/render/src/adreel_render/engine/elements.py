"""Sprites with a time: when each is seen, and how it comes and goes.

An element fades in while rising the last few pixels to its place, stays, and fades out. Its first frame is
`start`, `end` is the first without it. While it stays it costs one blend in its own box.
"""

from dataclasses import dataclass

from adreel_render.engine.colour import YUV
from adreel_render.engine.sprites import Sprite


@dataclass(frozen=True, slots=True)
class Element:
    """A sprite seen in frames `start` to `end`; fades count frames, `rise_px` is how far it travels.

    `type_px` is the size of the letters in it, which then are alone in their sprite but for a shadow; 0 for bars,
    buttons and shades. What measures how type reads tells them apart by it.
    """

    sprite: Sprite
    start: int
    end: int
    fade_in: int = 0
    fade_out: int = 0
    rise_px: float = 0.0
    type_px: int = 0

    def draw(self, frame: YUV, index: int) -> None:
        """Lay it over the frame if this is its time."""
        if not self.start <= index < self.end:
            return
        coming = min(1.0, (index - self.start + 1) / (self.fade_in + 1))
        going = min(1.0, (self.end - index) / (self.fade_out + 1))
        opacity = _smooth(coming) * _smooth(going)
        sprite = self.sprite
        if self.rise_px and coming < 1:
            sprite = sprite.shifted(self.rise_px * (1 - coming) ** 3)
        sprite.faded(opacity).lay_over(frame)


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)
