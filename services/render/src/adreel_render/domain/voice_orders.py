"""From a storyboard to what is to be spoken, and to what is bought for it. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from adreel_render.domain.film_layout import FilmLayout
from adreel_render.domain.purchases import JSON, PurchaseOrder
from adreel_render.domain.request import RenderRequested
from adreel_render.domain.voice import OPENAI_VOICE, SpokenLine, Voice
from adreel_render.domain.voice_prices import VoicePrice, speech_line
from adreel_render.domain.voice_text import speakable_text

_MOST_TONE = 80


@dataclass(frozen=True, slots=True)
class PaidVoice:
    """The voice that a deployment buys."""

    price: VoicePrice
    name: str

    def voice_for(self, request: RenderRequested) -> Voice:
        """The voice of a job: the model finds out the language itself, and is told the brand's tone."""
        return Voice(OPENAI_VOICE, self.price.model, self.name, instructions=_instructions(request, self.price.model))


def spoken_lines(
    request: RenderRequested, layout: FilmLayout, voice_for: Callable[[str], Voice]
) -> tuple[SpokenLine, ...]:
    """The scenes that have something to say, in order; `voice_for` chooses the voice of a text."""
    lines = []
    for number, frames in enumerate(layout.clips, start=1):
        text = speakable_text(request.scene(number).script, frames.body_frames / layout.canvas.fps)
        if text:
            lines.append(SpokenLine(number, text, voice_for(text)))
    return tuple(lines)


def speech_order(request: RenderRequested, line: SpokenLine, price: VoicePrice) -> PurchaseOrder:
    """One scene's speech to be bought. Its key holds all that shapes it, and nothing of this render or of its scene."""
    inputs: dict[str, JSON] = {"input": line.text, "voice": line.voice.name}
    if line.voice.instructions:
        inputs["instructions"] = line.voice.instructions
    key = hashlib.sha256(f"{request.job_id}\n{line.key}".encode()).hexdigest()
    return PurchaseOrder(
        work_key=f"speech/{key}",
        subject=str(request.job_id),
        client_id=request.client_id,
        medium="voice",
        provider="openai",
        model=price.model,
        inputs=inputs,
        reference=None,
        estimate=speech_line(price, line.voice, line.text, line.scene_number),
        round=str(request.render_id),
    )


def _instructions(request: RenderRequested, model: str) -> str:
    """How it is to be said; the older models take no such words."""
    if model.startswith("tts-"):
        return ""
    tone = request.brief.tone or (request.brand.tone if request.brand else None) or ""
    tone = " ".join("".join(char if char.isprintable() else " " for char in tone).split())[:_MOST_TONE]
    wanted = "Voice-over of an advertisement, natural and clear, at an easy pace."
    return f"{wanted} Tone: {tone}." if tone else wanted
