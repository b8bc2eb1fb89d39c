"""Which backend a music-video request gets."""

from collections.abc import Mapping
from dataclasses import dataclass

from adreel_render.domain.errors import MissingAPIKey, ParameterRefused
from adreel_render.domain.mv_models import BACKENDS, DEFAULT_BACKEND, LOCAL

_KEY_SETTINGS = {"replicate": "REPLICATE_API_TOKEN", "gemini": "GEMINI_API_KEY"}


@dataclass(frozen=True, slots=True)
class MvBackends:
    """What this deployment can use: keys, models by medium and backend, and whether no key means the local engine."""

    has_key: Mapping[str, bool]
    image_models: Mapping[str, str]
    video_models: Mapping[str, str]
    falls_back: bool = False

    def choose(self, named: str) -> str:
        """The backend for a request that names this one, or none.

        Raises ParameterRefused for a name that is none, MissingAPIKey. Only the default, never a name, falls back.
        """
        if named and named not in BACKENDS:
            raise ParameterRefused(
                f"backend must be one of {', '.join(BACKENDS)}, not {named[:40]!r}.", details={"field": "backend"}
            )
        backend = named or DEFAULT_BACKEND
        if backend == LOCAL or self.has_key[backend]:
            return backend
        if not named and self.falls_back:
            return LOCAL
        whose = "was asked for" if named else "is what a request without a backend gets"
        raise MissingAPIKey(
            f"The backend {backend} {whose}, but {_KEY_SETTINGS[backend]} is not set here. "
            f'Set it, or ask for "backend": "{LOCAL}".',
            details={"backend": backend},
        )
