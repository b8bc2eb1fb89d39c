"""Which backends exist, and which of them can be used in this deployment."""

from dataclasses import dataclass

from adreel_render.domain.prices import VIDEO_PRICES


@dataclass(frozen=True, slots=True)
class BackendState:
    """One backend. `problem` is the error code a request for it would get, empty where there is none."""

    name: str
    model: str
    problem: str
    clip_seconds: tuple[float, ...]

    @property
    def is_available(self) -> bool:
        return not self.problem


class Backends:
    """The backends by what the settings hold: a key makes a paid one usable and the default."""

    def __init__(self, *, has_replicate_key: bool, has_gemini_key: bool) -> None:
        has_key = {"local": True, "replicate": has_replicate_key, "gemini": has_gemini_key}
        self._states = {
            name: BackendState(
                name=name,
                model=price.model,
                problem=_problem(name, has_key[name]),
                clip_seconds=tuple(map(float, price.clip_seconds)),
            )
            for name, price in VIDEO_PRICES.items()
        }

    @property
    def default(self) -> str:
        """The backend for a request that names none: a usable paid one, else the local engine."""
        for name in ("replicate", "gemini"):
            if self._states[name].is_available:
                return name
        return "local"

    def all(self) -> list[BackendState]:
        return list(self._states.values())


def _problem(name: str, has_key: bool) -> str:
    if not has_key:
        return "MISSING_API_KEY"
    # The paid backends are described and priced here; until their adapters are in, naming one is refused up front.
    return "" if name == "local" else "BACKEND_UNAVAILABLE"
