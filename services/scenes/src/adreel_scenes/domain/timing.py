"""Scene lengths in integer milliseconds that add up exactly, within the bounds of film and backend.

`spread_ms` is the one allocator: everything that divides a film's length (writing, mending a model's arithmetic,
rebalancing after an edit) goes through it, so the sum is exact by construction.
"""

import math
from collections.abc import Sequence

from adreel_scenes.domain.limits import BackendLimits, StoryLimits

_TYPICAL_SCENE_MS = 5_000


def milliseconds(seconds: float) -> int:
    """Seconds from outside as whole milliseconds. Raises ValueError for NaN, infinity, zero, negatives and booleans."""
    if isinstance(seconds, bool) or not math.isfinite(seconds) or not 0 < seconds < 86_400:
        raise ValueError("a length must be a finite number of seconds above zero")
    return round(seconds * 1000)


def scene_bounds_ms(total_ms: int, limits: StoryLimits, backend: BackendLimits) -> tuple[int, int]:
    """The shortest and the longest scene allowed in a film of `total_ms`."""
    shortest = limits.shortest_scene_ms(total_ms)
    return shortest, max(shortest, min(backend.longest_clip_ms, total_ms))


def possible_scene_counts(total_ms: int, limits: StoryLimits, backend: BackendLimits) -> range:
    """The numbers of scenes in which a film of `total_ms` can be told; empty if the backend's clips are too short."""
    shortest, longest = scene_bounds_ms(total_ms, limits, backend)
    fewest = max(limits.min_scenes, math.ceil(total_ms / longest))
    most = min(limits.max_scenes, total_ms // shortest)
    return range(fewest, most + 1)


def expected_scene_count(
    total_ms: int, visual_assets: int, limits: StoryLimits, backend: BackendLimits, *, pace: int = 0
) -> int:
    """How many scenes to plan: from the length, more where there are assets to show, one more or less for the pace.

    Raises ValueError if no number of scenes fits.
    """
    possible = possible_scene_counts(total_ms, limits, backend)
    if not possible:
        raise ValueError("no number of scenes adds up to this length")
    by_length = round(total_ms / _TYPICAL_SCENE_MS)
    room_for_assets = min(visual_assets, max(1, total_ms // 2_500))
    wanted = max(by_length, room_for_assets) + pace
    return min(max(wanted, possible.start), possible.stop - 1)


def reachable_ms(wanted_ms: int, total_ms: int, others: int, low_ms: int, high_ms: int) -> int | None:
    """The length nearest to the wanted one that leaves `others` scenes within their bounds; None if there is none."""
    shortest = max(low_ms, total_ms - others * high_ms)
    longest = min(high_ms, total_ms - others * low_ms)
    return None if shortest > longest else min(max(wanted_ms, shortest), longest)


def spread_ms(
    total_ms: int, weights: Sequence[float], lows_ms: Sequence[int], high_ms: int, *, grid_ms: int = 100
) -> tuple[int, ...]:
    """`total_ms` divided in proportion to `weights`, each part within its low and `high_ms`, the sum exact.

    Parts lie on `grid_ms` as far as the bounds and the total allow. Raises ValueError if the bounds cannot hold.
    """
    if sum(lows_ms) > total_ms or high_ms * len(weights) < total_ms:
        raise ValueError("these bounds do not add up to the length")
    exact = _bounded_shares(total_ms, weights, lows_ms, high_ms)
    parts = [
        min(high_ms, max(low, round(share / grid_ms) * grid_ms)) for share, low in zip(exact, lows_ms, strict=True)
    ]
    return tuple(_settle(parts, total_ms, lows_ms, high_ms, grid_ms))


def rebalanced_ms(
    lengths_ms: Sequence[int], fixed_index: int, total_ms: int, low_ms: int, high_ms: int
) -> tuple[int, ...]:
    """The lengths with the fixed one kept and the others stretched in proportion to fill `total_ms` exactly.

    Raises ValueError if the others cannot: no room is left, or they would become too short or too long.
    """
    others = [length for index, length in enumerate(lengths_ms) if index != fixed_index]
    remaining = total_ms - lengths_ms[fixed_index]
    if not others:
        if remaining:
            raise ValueError("there is no other scene to stretch")
        return tuple(lengths_ms)
    stretched = list(spread_ms(remaining, others, [low_ms] * len(others), high_ms))
    stretched.insert(fixed_index, lengths_ms[fixed_index])
    return tuple(stretched)


def _bounded_shares(total_ms: int, weights: Sequence[float], lows_ms: Sequence[int], high_ms: int) -> list[float]:
    """Proportional shares, where whoever hits a bound is fixed there and the rest share what is left."""
    shares = [0.0] * len(weights)
    free = set(range(len(weights)))
    left = float(total_ms)
    while free:
        weight = sum(weights[i] for i in free)
        wanted = {i: left * weights[i] / weight if weight > 0 else left / len(free) for i in free}
        too_low = {i for i in free if wanted[i] < lows_ms[i]}
        too_high = {i for i in free if wanted[i] > high_ms}
        if not too_low and not too_high:
            for i in free:
                shares[i] = wanted[i]
            break
        # Fix the side that is further out first: fixing both at once may leave the sum out of reach.
        shortfall = sum(lows_ms[i] - wanted[i] for i in too_low)
        excess = sum(wanted[i] - high_ms for i in too_high)
        for i in too_low if shortfall >= excess else too_high:
            shares[i] = float(lows_ms[i] if shortfall >= excess else high_ms)
            left -= shares[i]
            free.discard(i)
    return shares


def _settle(parts: list[int], total_ms: int, lows_ms: Sequence[int], high_ms: int, grid_ms: int) -> list[int]:
    """Whatever rounding left over goes, a grid step at a time, to the parts that have the most room."""
    while (left := total_ms - sum(parts)) != 0:
        step = min(abs(left), grid_ms)
        room = [high_ms - part if left > 0 else part - low for part, low in zip(parts, lows_ms, strict=True)]
        widest = max(range(len(parts)), key=lambda i: (min(room[i], grid_ms), parts[i]))
        moved = min(step, room[widest])
        parts[widest] += moved if left > 0 else -moved
    return parts
