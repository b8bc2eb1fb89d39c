"""Shot types and transitions for a beat: varied, fitting, and as directed."""

from collections.abc import Sequence
from random import Random

from adreel_scenes.adapters.template.casting import kind_of
from adreel_scenes.adapters.template.directions import Directions
from adreel_scenes.adapters.template.phrasebook import Tone
from adreel_scenes.domain.brief import AssetType, SceneAsset
from adreel_scenes.domain.vocabulary import ShotType, Transition, known_shot, known_transition

_W, _M, _C, _MO = ShotType.WIDE, ShotType.MEDIUM, ShotType.CLOSE_UP, ShotType.MONTAGE
_P, _O, _A, _V = ShotType.PRODUCT_FEATURE, ShotType.OVER_THE_SHOULDER, ShotType.AERIAL, ShotType.POINT_OF_VIEW

_SHOTS_OF_BEAT: dict[str, tuple[ShotType, ...]] = {
    "hook": (_W, _A, _C, _V),
    "tease": (_C, _A, _W),
    "problem": (_M, _O, _C, _W),
    "reveal": (_P, _C, _M),
    "demo": (_M, _O, _V, _C),
    "detail": (_C, _P),
    "benefit": (_W, _M, _O),
    "proof": (_MO, _M, _W),
    "audience": (_MO, _W, _M),
    "offer": (_P, _C, _M),
    "voice_before": (_M, _C, _O),
    "voice_turn": (_P, _C, _M),
    "voice_after": (_C, _M, _W),
    "countdown_open": (_MO, _W, _A),
    "reason": (_C, _M, _P, _V, _W),
    "cta": (_P, _W, _M),
}

_FADING_TONES = frozenset({"calm", "premium"})


def choose_shot(
    beat: str,
    assets: Sequence[SceneAsset],
    directions: Directions,
    random: Random,
    near: Sequence[str],
    *,
    outdoors: bool = True,
    intangible: bool = False,
) -> ShotType:
    """A shot for the beat, not one of its neighbours' if another will do; what was asked for goes first."""
    if directions.shot:
        return directions.shot
    if len(assets) > 1 and _MO not in directions.avoided_shots:
        return _MO
    options = [shot for shot in _SHOTS_OF_BEAT.get(beat, (_M, _W, _C)) if shot not in directions.avoided_shots]
    if directions.show_product and not intangible and _P not in directions.avoided_shots:
        return _P
    if not outdoors:
        options = [shot for shot in options if shot is not _A] or options
    if intangible:
        options = [shot for shot in options if shot is not _P] or options
    if any(kind_of(asset) != "logo" and asset.type is AssetType.IMAGE for asset in assets):
        # A given picture has its own point of view.
        options = [shot for shot in options if shot not in (_O, _A, _V, _MO)] or options
    if directions.no_people:
        options = [shot for shot in options if shot is not _O] or options
    taken = {known_shot(shot) for shot in near}
    fresh = [shot for shot in options if shot not in taken] or [
        shot for shot in (_M, _W, _C) if shot not in directions.avoided_shots and shot not in taken
    ]
    if any(kind_of(asset) == "product" for asset in assets) and _P in fresh:
        return _P
    return random.choice(fresh or options or [_M])


def choose_transition(
    index: int, is_last: bool, tone: Tone, directions: Directions, random: Random, before: Sequence[str]
) -> Transition:
    """How the scene begins: fades only open and close the film, the rest varies with the tone."""
    if directions.transition:
        return directions.transition
    if directions.pace > 0 and index > 0:
        return random.choice((Transition.FAST_CUTS, Transition.CUT)) if not is_last else Transition.CUT
    known = [transition for name in tone.transitions if (transition := known_transition(name))]
    if directions.pace < 0:
        return Transition.FADE_IN if index == 0 else Transition.FADE_OUT if is_last else Transition.CROSSFADE
    if index == 0:
        # A film whose first frame is black makes a poor first impression; only slow, quiet tones earn it.
        return Transition.FADE_IN if tone.name in _FADING_TONES else Transition.CUT
    if is_last and Transition.FADE_OUT in known:
        return Transition.FADE_OUT
    middle = [*dict.fromkeys(t for t in known if t not in (Transition.FADE_IN, Transition.FADE_OUT)), Transition.CUT]
    taken = {known_transition(name) for name in before}
    return random.choice([transition for transition in middle if transition not in taken] or middle)
