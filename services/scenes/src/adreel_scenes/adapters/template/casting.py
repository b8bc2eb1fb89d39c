"""Which assets appear in which scene: by role, name and kind, every picture and clip shown where there is room."""

from collections.abc import Sequence
from functools import lru_cache
from random import Random

from adreel_scenes.domain.brief import AssetType, SceneAsset

MOST_ASSETS_IN_A_SCENE = 4

# How well a kind of asset fits a beat; 1 where nothing is said.
_FITS: dict[str, dict[str, float]] = {
    "logo": {"cta": 9, "offer": 2, "reveal": 1.5},
    "product": {"reveal": 7, "voice_turn": 6, "detail": 4, "cta": 4.5, "reason": 3, "demo": 3, "offer": 4,
                "countdown_open": 3, "problem": 0.2, "hook": 0.6, "tease": 2},
    "people": {"audience": 6, "voice_before": 5, "voice_after": 5, "benefit": 5, "proof": 5, "demo": 3, "problem": 2},
    "setting": {"hook": 6, "tease": 5, "problem": 4, "benefit": 4, "audience": 3, "countdown_open": 4},
    "detail": {"detail": 7, "demo": 4, "reason": 4, "tease": 3},
    "demo": {"demo": 7, "reason": 4, "hook": 2, "reveal": 2},
    "before": {"problem": 7, "voice_before": 6, "hook": 3},
    "after": {"benefit": 7, "voice_after": 6, "proof": 4},
    "other": {"benefit": 2, "demo": 2, "hook": 1.5, "audience": 2, "reason": 2, "reveal": 1.5},
}  # fmt: skip
_KIND_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("logo", ("logo", "brandmark", "wordmark", "emblem")),
    ("before", ("before",)),
    ("after", ("after ", "result")),
    ("demo", ("demo", "how to", "howto", "unboxing", "in use", "in action", "tutorial", "screencast", "screenshot")),
    ("detail", ("detail", "close-up", "closeup", "close up", "macro", "texture")),
    ("people", ("people", "person", "customer", "testimonial", "team", "family", "lifestyle", "model", "portrait",
                "couple", "friends", "founder", "owner")),
    ("setting", ("background", "backdrop", "scenery", "landscape", "city", "location", "ambient", "mood", "street")),
    ("product", ("hero", "main", "primary", "product", "packshot", "pack shot", "shot")),
)  # fmt: skip
# Beats that can do without a picture: they live by their words, or are better without the product.
_BARE_BEATS = frozenset({"problem", "hook", "tease", "voice_before", "countdown_open"})


@lru_cache(maxsize=1024)
def kind_of(asset: SceneAsset) -> str:
    """What an asset shows, by its role first and then by its name."""
    for label in (asset.role.casefold(), asset.name.casefold()):
        for kind, words in _KIND_WORDS:
            if any(word in label for word in words):
                return kind
    return "other"


def cast(beats: Sequence[str], assets: Sequence[SceneAsset], random: Random) -> list[tuple[SceneAsset, ...]]:
    """The assets of each scene. Each asset appears once before any appears twice; then empty scenes borrow some."""
    casting: list[list[SceneAsset]] = [[] for _ in beats]
    order = sorted(assets, key=lambda asset: (not asset.is_hero, kind_of(asset) == "other"))
    for asset in order[: len(beats) * MOST_ASSETS_IN_A_SCENE]:
        fewest = min(len(scene) for scene in casting)
        free = [index for index, scene in enumerate(casting) if len(scene) == fewest]
        best = max(free, key=lambda index: fit(asset, beats[index]) + random.random() * 0.2)
        casting[best].append(asset)
    for index, scene in enumerate(casting):
        if not scene and (lent := _borrowed(index, beats, casting, order)):
            scene.append(lent)
    return [tuple(scene) for scene in casting]


def fit(asset: SceneAsset, beat: str) -> float:
    """How well an asset suits a beat."""
    score = _FITS[kind_of(asset)].get(beat, 1.0)
    if asset.type is AssetType.VIDEO:
        score += {"hook": 2, "tease": 2, "demo": 3, "benefit": 1, "reason": 1}.get(beat, 0)
    return score


def _borrowed(
    index: int, beats: Sequence[str], casting: Sequence[Sequence[SceneAsset]], assets: Sequence[SceneAsset]
) -> SceneAsset | None:
    """An asset to see once more, not that of a neighbour if another will do."""
    neighbours = {
        asset.asset_id for near in (index - 1, index + 1) if 0 <= near < len(casting) for asset in casting[near]
    }
    least = 1.5 if beats[index] in _BARE_BEATS else 0.5
    fitting = [asset for asset in assets if kind_of(asset) != "logo" and fit(asset, beats[index]) >= least]
    uses = {asset.asset_id: sum(asset in scene for scene in casting) for asset in fitting}
    return min(
        fitting,
        key=lambda asset: (asset.asset_id in neighbours, uses[asset.asset_id], -fit(asset, beats[index])),
        default=None,
    )
