"""Where the voices of a render are heard: read from what was spoken for it, placed by `domain.voice_plan`."""

from dataclasses import dataclass

from adreel_kit.db import Connection

from adreel_render.adapters.postgres import speeches
from adreel_render.domain.film_layout import FilmLayout
from adreel_render.domain.request import RenderRequested
from adreel_render.domain.voice import Speech
from adreel_render.domain.voice_plan import VoicePlace, place_voices


@dataclass(frozen=True, slots=True)
class PlacedSpeech:
    """A scene's speech and where it is heard. Frames are of the film's own rate."""

    speech: Speech
    place: VoicePlace
    start_frame: int
    # The frames of the scene's body during which its words are heard.
    in_body: tuple[int, int]


async def placed_speeches(conn: Connection, request: RenderRequested, layout: FilmLayout) -> dict[int, PlacedSpeech]:
    """By scene number; empty for a film without a voice."""
    if not request.video.voiceover:
        return {}
    spoken = await speeches.of_render(conn, request.render_id)
    fps = layout.canvas.fps
    places = place_voices(
        [clip.body_frames / fps for clip in layout.clips],
        {number: speech.seconds for number, speech in spoken.items()},
    )
    placed = {}
    body_start = 0
    for number, frames in enumerate(layout.clips, start=1):
        if (place := places.get(number)) is not None:
            start = round(place.start * fps)
            first = min(max(start - body_start, 0), frames.body_frames - 1)
            last = min(max(round(place.end * fps) - body_start, first + 1), frames.body_frames)
            placed[number] = PlacedSpeech(spoken[number], place, start, (first, last))
        body_start += frames.body_frames
    return placed
