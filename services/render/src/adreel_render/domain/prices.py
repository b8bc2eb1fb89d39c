"""What the backends cost, as dated data, and estimates from it.

Figures are list prices in USD as of the table's date; settings may replace them. The local engine costs nothing. The
live price is the provider's: an estimate says what is to be expected, the ledger what was paid.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from adreel_render.domain.errors import BackendUnknown
from adreel_render.domain.events import CostLine

CURRENCY = "USD"

# A frame that is missing at the end repeats the one before it; nobody buys two more seconds for that.
_FRAME = 1 / 24


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
    # What differs from the prices above at some resolution, sound included.
    micros_per_second_at: Mapping[str, int] = field(default_factory=dict)

    def replaced(self, *, model: str | None, usd_per_second: Decimal | None) -> "VideoPrice":
        """The same with another model or price, where one is given; sound costs as much more as it did.

        A price that is given holds at every resolution.
        """
        price = self if model is None else replace(self, model=model)
        if usd_per_second is None:
            return price
        silent = int(usd_per_second * 1_000_000)
        share = Decimal(self.micros_per_second_with_audio) / Decimal(self.micros_per_second_silent or 1)
        return replace(
            price,
            micros_per_second_silent=silent,
            micros_per_second_with_audio=int(silent * share),
            micros_per_second_at={},
        )

    def micros_per_second(self, resolution: str, *, with_audio: bool) -> int:
        """What a second costs."""
        usual = self.micros_per_second_with_audio if with_audio else self.micros_per_second_silent
        return self.micros_per_second_at.get(resolution, usual)

    def clips_for(self, seconds: float) -> tuple[int, ...]:
        """The clips that cover `seconds`: one, the shortest that is long enough, or several of one length."""
        if not self.clip_seconds:
            return (max(1, math.ceil(seconds - _FRAME)),)
        count = max(1, math.ceil((seconds - _FRAME) / self.clip_seconds[-1]))
        part = next(length for length in self.clip_seconds if length >= seconds / count - _FRAME)
        return (part,) * count

    def billed_seconds(self, seconds: float) -> float:
        """Seconds that are paid for to cover `seconds`."""
        return float(sum(self.clips_for(seconds))) if self.micros_per_second_silent else seconds


# Replicate: about 0.20 USD a second without sound, 0.40 with it. Gemini omni 1.2 flash: 0.105 USD a second at 1080p and
# 0.07 at 720p; its sound is included.
VIDEO_PRICES: dict[str, VideoPrice] = {
    "local": VideoPrice("adreel", "local", date(2026, 11, 20), 0, 0),
    "replicate": VideoPrice("replicate", "google/veo-3.1", date(2026, 11, 20), 400_000, 200_000, (4, 6, 8)),
    "gemini": VideoPrice(
        "gemini",
        "gemini-omni-1.2-flash",
        date(2026, 11, 20),
        105_000,
        105_000,
        tuple(range(3, 16)),
        15.0,
        {"720p": 70_000},
    ),
}

# Models that contracts and older settings name and that their provider has switched off, with the day: asking for one
# is refused before anything is made (PROVIDERS: all Veo models of the API-key route, Imagen 4).
RETIRED_MODELS: Mapping[str, date] = {
    "veo-2.0-generate-001": date(2026, 6, 30),
    "veo-3.0-generate-001": date(2026, 6, 30),
    "veo-3.0-fast-generate-001": date(2026, 6, 30),
    "veo-3.1-generate-preview": date(2026, 10, 22),
    "veo-3.1-fast-generate-preview": date(2026, 10, 22),
    "imagen-4.0-generate-001": date(2026, 8, 17),
    "imagen-4.0-fast-generate-001": date(2026, 8, 17),
    "imagen-4.0-ultra-generate-001": date(2026, 8, 17),
}


def video_price(backend: str, prices: Mapping[str, VideoPrice] = VIDEO_PRICES) -> VideoPrice:
    """The price of a backend's model; raises BackendUnknown for a name that is none."""
    if backend not in prices:
        raise BackendUnknown(f"There is no backend named {backend!r}.", details={"taken": sorted(prices)})
    return prices[backend]


def estimate_video(
    backend: str,
    scene_seconds: list[float],
    *,
    with_audio: bool,
    resolution: str = "1080p",
    prices: Mapping[str, VideoPrice] = VIDEO_PRICES,
) -> CostLine:
    """The line for rendering scenes of these lengths."""
    price = video_price(backend, prices)
    billed = round(sum(price.billed_seconds(seconds) for seconds in scene_seconds), 3)
    rate = price.micros_per_second(resolution, with_audio=with_audio)
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
