"""What a storyboard would be and cost, without writing one."""

from collections.abc import Callable
from dataclasses import dataclass

from adreel_scenes.domain.errors import DurationOutOfReach
from adreel_scenes.domain.events import CostLine
from adreel_scenes.domain.limits import BACKENDS, LOCAL_BACKEND, StoryLimits
from adreel_scenes.domain.timing import expected_scene_count, milliseconds
from adreel_scenes.usecases.price_usage import token_micros

# English text runs at about four characters a token; the prompt's own text and the schema were counted at 1,600.
_CHARACTERS_PER_TOKEN = 4
_PROMPT_TOKENS = 1_600
_TOKENS_PER_ASSET = 60
# What a picture of 480 px is to the vendors: 205 to 425.
_TOKENS_PER_PICTURE = 300
_TOKENS_PER_SCENE = 220


@dataclass(frozen=True, slots=True)
class Estimate:
    """Scenes and tokens to expect. `generator` is "template", or the provider and model."""

    scenes: int
    tokens: int
    generator: str
    lines: list[CostLine]


class EstimateStoryboard:
    """Estimates for the writer that this deployment uses; `pace_of` a tone and a style is how many scenes they add."""

    def __init__(
        self,
        limits: StoryLimits,
        *,
        provider: str,
        model: str,
        most_pictures: int = 0,
        pace_of: Callable[[str, str], int] = lambda tone, style: 0,
    ) -> None:
        self._pace_of = pace_of
        self._limits = limits
        self._provider = provider
        self._model = model
        self._most_pictures = most_pictures

    def estimate(
        self,
        *,
        duration_seconds: float,
        asset_count: int,
        brief_characters: int,
        backend: str,
        tone: str = "",
        style: str = "",
    ) -> Estimate:
        """Raises DurationOutOfReach where no number of scenes fits the backend's clips."""
        limits = BACKENDS.get(backend, LOCAL_BACKEND)
        try:
            scenes = expected_scene_count(
                milliseconds(duration_seconds), asset_count, self._limits, limits, pace=self._pace_of(tone, style)
            )
        except ValueError as error:
            raise DurationOutOfReach(
                f"No {self._limits.min_scenes} to {self._limits.max_scenes} clips of {limits.name} "
                f"add up to {duration_seconds:g} s."
            ) from error
        if not self._model:
            return Estimate(scenes, 0, self._provider, [])
        tokens_in = _PROMPT_TOKENS + brief_characters // _CHARACTERS_PER_TOKEN + asset_count * _TOKENS_PER_ASSET
        tokens_in += min(asset_count, self._most_pictures) * _TOKENS_PER_PICTURE
        tokens_out = scenes * _TOKENS_PER_SCENE
        micros = token_micros(self._model, tokens_in, tokens_out)
        line = CostLine(
            kind="storyboard",
            description=f"Storyboard by {self._model}: about {tokens_in} tokens in, {tokens_out} out",
            provider=self._provider,
            model=self._model,
            quantity=float(tokens_in + tokens_out),
            unit="token",
            amount_micros=micros or 0,
            state="estimated" if micros is not None else "unknown",
        )
        return Estimate(scenes, tokens_in + tokens_out, f"{self._provider}:{self._model}", [line])
