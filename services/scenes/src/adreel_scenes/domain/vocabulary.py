"""The shot types and transitions that the renderers know, and how to recognise them in what people and models write.

A scene keeps the text as it was given; recognising it only steers the renderer (an unknown word renders as a medium
shot or a cut and draws a warning).
"""

import re
from enum import StrEnum

MAX_TERM_CHARACTERS = 50


class ShotType(StrEnum):
    """How much of the subject is seen, and from where."""

    WIDE = "wide"
    MEDIUM = "medium"
    CLOSE_UP = "close-up"
    MONTAGE = "montage"
    PRODUCT_FEATURE = "product feature"
    OVER_THE_SHOULDER = "over the shoulder"
    AERIAL = "aerial"
    POINT_OF_VIEW = "point of view"


class Transition(StrEnum):
    """How a scene begins: the join with the one before it."""

    CUT = "cut"
    FADE_IN = "fade in"
    FADE_OUT = "fade out"
    CROSSFADE = "crossfade"
    FAST_CUTS = "fast cuts"
    SLIDE = "slide"
    WIPE = "wipe"


_SHOT_ALIASES = {
    "closeup": ShotType.CLOSE_UP,
    "extreme close up": ShotType.CLOSE_UP,
    "macro": ShotType.CLOSE_UP,
    "detail": ShotType.CLOSE_UP,
    "pov": ShotType.POINT_OF_VIEW,
    "ots": ShotType.OVER_THE_SHOULDER,
    "drone": ShotType.AERIAL,
    "establishing": ShotType.WIDE,
    "long": ShotType.WIDE,
    "full": ShotType.WIDE,
    "product": ShotType.PRODUCT_FEATURE,
    "product hero": ShotType.PRODUCT_FEATURE,
    "hero": ShotType.PRODUCT_FEATURE,
    "mid": ShotType.MEDIUM,
}
_TRANSITION_ALIASES = {
    "hard cut": Transition.CUT,
    "straight cut": Transition.CUT,
    "none": Transition.CUT,
    "fade": Transition.FADE_IN,
    "fade from black": Transition.FADE_IN,
    "fade to black": Transition.FADE_OUT,
    "cross fade": Transition.CROSSFADE,
    "dissolve": Transition.CROSSFADE,
    "cross dissolve": Transition.CROSSFADE,
    "quick cuts": Transition.FAST_CUTS,
    "fast cut": Transition.FAST_CUTS,
    "jump cuts": Transition.FAST_CUTS,
    "push": Transition.SLIDE,
}


def known_shot(text: str) -> ShotType | None:
    """The shot type that `text` names in any case, with or without hyphens and the word "shot"."""
    key = _key(text)
    return _SHOTS.get(key) or _SHOTS.get(key.removesuffix(" shot").removesuffix(" view"))


def known_transition(text: str) -> Transition | None:
    """The transition that `text` names in any case, with or without hyphens and the word "transition"."""
    return _TRANSITIONS.get(_key(text).removesuffix(" transition"))


def _key(text: str) -> str:
    return re.sub(r"[\s_\-–—]+", " ", text.casefold()).strip()


_SHOTS = {_key(shot): shot for shot in ShotType} | {"point of": ShotType.POINT_OF_VIEW} | _SHOT_ALIASES
_TRANSITIONS = {_key(transition): transition for transition in Transition} | _TRANSITION_ALIASES
