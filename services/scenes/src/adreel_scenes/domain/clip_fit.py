"""Scene lengths moved to what a clip backend sells, so that little is paid for and then trimmed away. Pure.

A backend that makes clips of 4, 6 or 8 s alone sells 36 s for six scenes of 5 s, and 30 s for three each of 4 and 6.
"""

from collections.abc import Sequence

from adreel_scenes.domain.limits import BackendLimits


def fitted_ms(
    lengths_ms: Sequence[int], lows_ms: Sequence[int], backend: BackendLimits, *, grid_ms: int = 100
) -> tuple[int, ...]:
    """The lengths with their sum kept, none below its low, such that the clips that cover them are the fewest seconds.

    Among those, the ones nearest to the lengths given. They stay as they are where the backend makes any length, where
    nothing would be saved, and where a scene is longer than one clip.
    """
    if not backend.clip_lengths_ms or not all(map(backend.covers, lengths_ms)):
        return tuple(lengths_ms)
    total_ms = sum(lengths_ms)
    clips = _cheapest_clips(lengths_ms, lows_ms, sorted(backend.clip_lengths_ms), total_ms)
    if clips is None or sum(clips) >= sum(backend.plan_clip(length).clip_ms for length in lengths_ms):
        return tuple(lengths_ms)
    return tuple(_trimmed(list(clips), lengths_ms, lows_ms, total_ms, grid_ms))


def _cheapest_clips(
    lengths_ms: Sequence[int], lows_ms: Sequence[int], sold_ms: Sequence[int], total_ms: int
) -> tuple[int, ...] | None:
    """One clip for each scene: in sum the least that covers the film, then the nearest to the lengths."""
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for length, low in zip(lengths_ms, lows_ms, strict=True):
        extended: dict[int, tuple[int, tuple[int, ...]]] = {}
        for so_far, (distance, clips) in best.items():
            for sold in sold_ms:
                if sold < low:
                    continue
                candidate = (distance + (sold - length) ** 2, (*clips, sold))
                if so_far + sold not in extended or candidate < extended[so_far + sold]:
                    extended[so_far + sold] = candidate
        best = extended
    enough = [bought for bought in best if bought >= total_ms]
    return best[min(enough)][1] if enough else None


def _trimmed(
    parts: list[int], wanted_ms: Sequence[int], lows_ms: Sequence[int], total_ms: int, grid_ms: int
) -> list[int]:
    """What is bought beyond the film's length comes off where a scene is the furthest beyond what was wanted of it."""
    while excess := sum(parts) - total_ms:
        longest = max(
            (index for index, part in enumerate(parts) if part > lows_ms[index]),
            key=lambda index: parts[index] - wanted_ms[index],
        )
        parts[longest] -= min(excess, grid_ms, parts[longest] - lows_ms[longest])
    return parts
