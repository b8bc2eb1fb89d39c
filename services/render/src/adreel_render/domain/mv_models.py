"""Which fields each model behind `/api/mv` takes, and with which values: data with a date, as models come and go.

`replicate`: google/imagen-4 and google/veo-3.1 as their schemas stood. `gemini`: gemini-3.1-flash-image takes a ratio
alone; gemini-omni-1.2-flash has sound always and takes neither a seed nor a negative prompt. `local`: our own engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from adreel_render.domain.mv_rules import Flag, Rule, Text, Whole, Words

AS_OF = date(2026, 11, 20)
DEFAULT_BACKEND = "replicate"
LOCAL = "local"
BACKENDS = ("replicate", "gemini", LOCAL)
MOST_SEED = 2**31 - 1

_SEED = Whole(0, MOST_SEED)
_PEOPLE = Words("allow_all", "allow_adult", "dont_allow")
_SAFETY = Words("block_low_and_above", "block_medium_and_above", "block_only_high", "block_none")
_CARD_RATIOS = Words("1:1", "9:16", "16:9", "3:4", "4:3")
_CLIP_RATIOS = Words("16:9", "9:16")
_RESOLUTIONS = Words("720p", "1080p")


@dataclass(frozen=True, slots=True)
class MvModel:
    """A model: the rule of every field that it takes. What is not among them is accepted and left out."""

    takes: Mapping[str, Rule]


# The fields of the contract, whichever model is chosen: a value outside these is a mistake anywhere.
IMAGE_FIELDS: Mapping[str, Rule] = {
    "aspect_ratio": _CARD_RATIOS,
    "safety_filter_level": _SAFETY,
    "person_generation": _PEOPLE,
    "output_format": Words("png", "jpg"),
    "negative_prompt": Text(),
    "seed": _SEED,
}
VIDEO_FIELDS: Mapping[str, Rule] = {
    "aspect_ratio": Words("16:9", "9:16", "1:1"),
    "duration": Whole(1, 60, unit=" s"),
    "generate_audio": Flag(),
    "person_generation": _PEOPLE,
    "output_format": Words("mp4"),
    "resolution": _RESOLUTIONS,
    "negative_prompt": Text(),
    "seed": _SEED,
}

IMAGE_MODELS: Mapping[str, MvModel] = {
    "replicate": MvModel(
        {
            "aspect_ratio": _CARD_RATIOS,
            "safety_filter_level": Words("block_low_and_above", "block_medium_and_above", "block_only_high"),
            "output_format": Words("png", "jpg"),
        }
    ),
    "gemini": MvModel({"aspect_ratio": _CARD_RATIOS}),
    LOCAL: MvModel({"aspect_ratio": _CARD_RATIOS, "output_format": Words("png", "jpg"), "seed": _SEED}),
}
VIDEO_MODELS: Mapping[str, MvModel] = {
    "replicate": MvModel(
        {
            "aspect_ratio": _CLIP_RATIOS,
            "duration": Whole(4, 8, steps=(4, 6, 8), unit=" s"),
            "generate_audio": Flag(),
            "resolution": _RESOLUTIONS,
            "negative_prompt": Text(),
            "seed": _SEED,
        }
    ),
    "gemini": MvModel({"aspect_ratio": _CLIP_RATIOS, "duration": Whole(3, 15, unit=" s"), "resolution": _RESOLUTIONS}),
    LOCAL: MvModel(
        {
            "aspect_ratio": Words("16:9", "9:16", "1:1"),
            "duration": Whole(1, 60, unit=" s"),
            "generate_audio": Flag(),
            "output_format": Words("mp4"),
            "resolution": _RESOLUTIONS,
            "seed": _SEED,
        }
    ),
}
