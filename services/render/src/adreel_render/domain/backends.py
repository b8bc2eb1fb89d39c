"""Which backends exist, and which of them can be used in this deployment."""

from collections.abc import Mapping
from dataclasses import dataclass

from adreel_render.domain.errors import BackendUnavailable, MissingAPIKey
from adreel_render.domain.prices import RETIRED_MODELS, VIDEO_PRICES, VideoPrice


@dataclass(frozen=True, slots=True)
class BackendState:
    """One backend. `problem` is the error code a request for it would get, empty where there is none.

    `message` is the problem as a sentence that says which setting to change.
    """

    name: str
    model: str
    problem: str
    message: str
    clip_seconds: tuple[float, ...]

    @property
    def is_available(self) -> bool:
        return not self.problem


_SETTINGS = {
    "replicate": ("REPLICATE_API_TOKEN", "ADREEL_REPLICATE_VIDEO_MODEL"),
    "gemini": ("GEMINI_API_KEY", "ADREEL_GEMINI_VIDEO_MODEL"),
}


class Backends:
    """The backends by what the settings hold: a key makes a paid one usable and the default."""

    def __init__(
        self, *, has_replicate_key: bool, has_gemini_key: bool, prices: Mapping[str, VideoPrice] = VIDEO_PRICES
    ) -> None:
        has_key = {"local": True, "replicate": has_replicate_key, "gemini": has_gemini_key}
        self._states = {name: _state(name, price, has_key=has_key[name]) for name, price in prices.items()}

    @property
    def default(self) -> str:
        """The backend for a request that names none: a usable paid one, else the local engine."""
        for name in ("replicate", "gemini"):
            if self._states[name].is_available:
                return name
        return "local"

    def all(self) -> list[BackendState]:
        return list(self._states.values())


def _state(name: str, price: VideoPrice, *, has_key: bool) -> BackendState:
    problem = message = ""
    if not has_key:
        problem = MissingAPIKey.code
        message = f"The backend {name} needs a key in {_SETTINGS[name][0]}, and none is set here."
    elif price.model in RETIRED_MODELS:
        problem = BackendUnavailable.code
        message = (
            f"The model {price.model} was switched off on {RETIRED_MODELS[price.model]}. "
            f"Name another one in {_SETTINGS[name][1]}."
        )
    return BackendState(name, price.model, problem, message, tuple(map(float, price.clip_seconds)))
