"""What a film's voice costs: roughly before there is a storyboard, text by text once there is one."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adreel_kit.db import Database
from pydantic import ValidationError

from adreel_render.adapters.postgres import speeches
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.domain.events import CostLine
from adreel_render.domain.film_layout import lay_out
from adreel_render.domain.request import RenderRequested
from adreel_render.domain.voice_orders import PaidVoice, spoken_lines
from adreel_render.domain.voice_prices import VoicePrice, estimate_characters, estimate_voice


@dataclass(frozen=True, slots=True)
class VoiceEstimate:
    """The line of the whole film's voice, and how much of it is not spoken yet."""

    line: CostLine
    open_micros: int


class EstimateVoice:
    """Estimates by the deployment's voice; without a `paid` one the scratch voice speaks, at a price of 0."""

    def __init__(self, database: Database, price: VoicePrice, paid: PaidVoice | None) -> None:
        self._database = database
        self._price = price
        self._paid = paid

    def roughly(self, duration_seconds: float) -> VoiceEstimate:
        """A film of this length whose words are not known."""
        line = estimate_voice(self._price, duration_seconds)
        return VoiceEstimate(line, line.amount_micros)

    async def exactly(self, data: Mapping[str, Any]) -> VoiceEstimate | None:
        """The film of this render request; None for one without a voice. Raises SceneUnrenderable for no request.

        What was spoken before is part of the line and not of what is open.
        """
        try:
            request = RenderRequested.model_validate({**data, "render_id": uuid.UUID(int=0)})
            layout = lay_out(request)
        except (ValidationError, ValueError, IndexError) as error:
            raise SceneUnrenderable("The storyboard cannot be read.") from error
        if not request.video.voiceover:
            return None
        if self._paid is None:
            return self.roughly(request.video.duration_seconds)
        voice = self._paid.voice_for(request)
        texts = {line.key: len(line.text) for line in spoken_lines(request, layout, lambda text: voice)}
        async with self._database.connection() as conn:
            known = await speeches.known_keys(conn, list(texts))
        line = estimate_characters(self._price, sum(texts.values()))
        still_open = sum(count for key, count in texts.items() if key not in known)
        return VoiceEstimate(line, still_open * self._price.micros_per_character)
