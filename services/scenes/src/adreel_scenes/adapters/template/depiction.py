"""Scenes that show an asset: the picture leads the description, and nothing is invented that it may not hold."""

import re
from collections.abc import Iterable, Sequence

from adreel_scenes.adapters.template.casting import kind_of
from adreel_scenes.adapters.template.phrasebook import word_list, words_of
from adreel_scenes.adapters.template.wording import NounPhrase, label
from adreel_scenes.domain.brief import SceneAsset
from adreel_scenes.domain.plain_text import cut_at_word

# Names that say what a file is for, not what it shows.
_USES = word_list("asset_uses")
_SMALL_WORDS = word_list("common_words")
_LONGEST_LABEL = 60
# Moves that need hands, faces or things in motion, which a given picture may not have.
MOVES_OF_ACTION = re.compile(r"hand|shoulder|face|follow|tracking|alongside|above|subject|foreground|gets? ")


def asset_label(asset: SceneAsset) -> str:
    """An asset's name as it stands in a sentence, or its role, or its kind."""
    words = (cut_at_word(label(asset.name), _LONGEST_LABEL), label(asset.role))
    # A name of nothing but punctuation says no more than none.
    return next((word for word in words if any(map(str.isalnum, word))), f"the {asset.type.value}")


def depicted(assets: Sequence[SceneAsset], product: NounPhrase, *, is_thing: bool) -> str:
    """What the pictures show, as the subject of a sentence."""
    if len(assets) > 1:
        names = [f"“{asset_label(asset)}”" for asset in assets]
        return f"One after another {', '.join(names[:-1])} and {names[-1]}"
    name = asset_label(assets[0])
    if is_told(name):
        return name
    says_only_its_use = set(words_of(name)) <= _USES and kind_of(assets[0]) == "product"
    return f"{product.inside} in the picture “{name}”" if is_thing and says_only_its_use else f"“{name}”"


def is_told(name: str) -> bool:
    """Whether a name describes a picture ("The ridge in autumn"), unlike "IMG_2034" or "Product Shot"."""
    words = name.split()
    plain = all(re.fullmatch(r"[^\W\d_]+(?:['’-][^\W\d_]+)*,?", word) for word in words)
    return len(words) > 1 and plain and not set(words_of(name)) <= _USES


def assets_named(text: str, assets: Iterable[SceneAsset]) -> list[SceneAsset]:
    """The assets that a text speaks of, those that share most of its words first."""
    wanted = _stems(text)
    shared = {asset: len(_stems(asset.name) & wanted) for asset in assets}
    most = max(shared.values(), default=0)
    return [asset for asset, count in shared.items() if count and count == most]


def not_depicted(elements: Iterable[str], assets: Sequence[SceneAsset]) -> list[str]:
    """The visual elements that no picture of the film shows already."""
    shown = frozenset[str]().union(*(_stems(asset.name) for asset in assets))
    return [element for element in elements if not _stems(element) & shown]


def shared_out(elements: Sequence[str], casting: Sequence[Sequence[SceneAsset]]) -> list[tuple[str, ...]]:
    """The elements for each scene, at most two: scenes without a picture have the most room for them."""
    bare = [index for index, assets in enumerate(casting) if not _shown(assets)]
    others = [index for index in range(len(casting)) if index not in bare]
    given: list[list[str]] = [[] for _ in casting]
    for element, index in zip(elements, [*bare, *bare, *others, *others], strict=False):
        given[index].append(element)
    return [tuple(texts) for texts in given]


def _shown(assets: Sequence[SceneAsset]) -> list[SceneAsset]:
    return [asset for asset in assets if kind_of(asset) != "logo"]


def _stems(text: str) -> frozenset[str]:
    words = (word for word in words_of(text.replace("_", " ")) if len(word) > 2 and word not in _SMALL_WORDS | _USES)
    return frozenset(word[:-1] if word.endswith("s") and len(word) > 4 else word for word in words)
