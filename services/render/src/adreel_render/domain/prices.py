"""What the backends cost, as dated data, and estimates from it.

Figures are list prices in USD as of the table's date; settings may replace them. The local engine costs nothing. The
live price is the provider's: an estimate says what is to be expected, the ledger what was paid.
"""

import math
from dataclasses import dataclass
from datetime import date

from adreel_render.domain.errors import BackendUnknown
from adreel_render.domain.events import CostLine

CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class VideoPrice:
    """A video model: what a second costs, and which clip lengths it can make (empty: any, up to `longest_seconds`)."""

    provider: str
    model: str
    as_of: date
    micros_per_second_with_audio: int
    micros_per_second_silent: int
    clip_seconds: tuple[int, ...] = ()
    longest_seconds: float = 120.0

    def billed_seconds(self, seconds: float) -> float:
        """Seconds that are paid for to cover `seconds`: the shortest clip that is long enough."""
        if not self.clip_seconds:
            return float(math.ceil(seconds)) if self.micros_per_second_silent else seconds
        for length in self.clip_seconds:
            if length >= seconds - 1e-6:
                return float(length)
        # Longer scenes are made of several clips.
        longest = self.clip_seconds[-1]
        return longest + self.billed_seconds(seconds - longest)


# Replicate: about 0.20 USD a second without sound, 0.40 with it. Gemini omni 1.2 flash at 1080p: 0.105 USD a second.
VIDEO_PRICES: dict[str, VideoPrice] = {
    "local": VideoPrice("adreel", "local", date(2026, 11, 20), 0, 0),
    "replicate": VideoPrice("replicate", "google/veo-3.1", date(2026, 11, 20), 400_000, 200_000, (4, 6, 8)),
    "gemini": VideoPrice(
        "gemini", "gemini-omni-1.2-flash", date(2026, 11, 20), 105_000, 105_000, tuple(range(3, 16)), 15.0
    ),
}


def video_price(backend: str) -> VideoPrice:
    """The price of a backend's default model; raises BackendUnknown for a name that is none."""
    if backend not in VIDEO_PRICES:
        raise BackendUnknown(f"There is no backend named {backend!r}.", details={"taken": sorted(VIDEO_PRICES)})
    return VIDEO_PRICES[backend]


def estimate_video(backend: str, scene_seconds: list[float], *, with_audio: bool) -> CostLine:
    """The line for rendering scenes of these lengths."""
    price = video_price(backend)
    billed = sum(price.billed_seconds(seconds) for seconds in scene_seconds)
    rate = price.micros_per_second_with_audio if with_audio else price.micros_per_second_silent
    return CostLine(
        kind="video",
        description=f"{len(scene_seconds)} scenes, {billed:g} s of video by {price.model} (prices of {price.as_of})",
        provider=price.provider,
        model=price.model,
        quantity=billed,
        unit="second",
        amount_micros=round(billed * rate),
        state="estimated",
    )
