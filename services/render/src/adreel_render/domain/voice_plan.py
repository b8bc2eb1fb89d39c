"""When each scene's speech is heard, and how much faster than it was spoken. Pure.

A voice begins a moment after its scene and is over before the scene is. What is too long is said faster, up to
`COMFORTABLE_TEMPO`; what is still too long runs on into the next scene's quiet, whose own voice then waits: two voices
never speak at once. Only where a voice would trail its picture by more than `MOST_TRAILING_SECONDS`, or the film would
end before it, is it hurried up to `HURRIED_TEMPO`. No word is cut: what even that does not fit ends at a pause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAD_IN_SECONDS = 0.25
TAIL_SECONDS = 0.15
GAP_SECONDS = 0.2
COMFORTABLE_TEMPO = 1.25
HURRIED_TEMPO = 1.6
MOST_TRAILING_SECONDS = 0.8
_FILM_END_SECONDS = 0.05
_TEMPO_STEP = 0.05


@dataclass(frozen=True, slots=True)
class VoicePlace:
    """Where one scene's speech is heard, in seconds of the film.

    `most_seconds` is set where the film ends before the speech does: it then ends at the last pause before.
    """

    scene_number: int
    start: float
    end: float
    tempo: float
    most_seconds: float | None = None


def place_voices(scene_seconds: Sequence[float], speech_seconds: Mapping[int, float]) -> dict[int, VoicePlace]:
    """Places by scene number for scenes of these lengths; `speech_seconds` by scene number, silent scenes absent."""
    film_end = sum(scene_seconds) - _FILM_END_SECONDS
    most = COMFORTABLE_TEMPO
    while True:
        places = _placed(scene_seconds, speech_seconds, most)
        last = max((place.end for place in places.values()), default=0.0)
        if last <= film_end or most >= HURRIED_TEMPO:
            break
        most = min(most + _TEMPO_STEP, HURRIED_TEMPO)
    return _within(places, film_end)


def _placed(scene_seconds: Sequence[float], speech_seconds: Mapping[int, float], most: float) -> dict[int, VoicePlace]:
    """Scene by scene; a scene whose speech ran late, or would trail too far, is said up to `most` times as fast."""
    places: dict[int, VoicePlace] = {}
    scene_start = busy_until = 0.0
    for number, length in enumerate(scene_seconds, start=1):
        scene_end = scene_start + length
        seconds = speech_seconds.get(number, 0.0)
        if seconds > 0.0:
            start = max(scene_start + min(LEAD_IN_SECONDS, length / 4), busy_until)
            tempo = _tempo(seconds, scene_end - start, most)
            end = start + seconds / tempo
            places[number] = VoicePlace(number, start, end, tempo)
            busy_until = end + GAP_SECONDS
        scene_start = scene_end
    return places


def _tempo(seconds: float, room: float, most: float) -> float:
    wanted = seconds / max(room - TAIL_SECONDS, 0.1)
    if wanted <= COMFORTABLE_TEMPO:
        return max(wanted, 1.0)
    trailing = seconds / max(room + MOST_TRAILING_SECONDS, 0.1)
    # Comfortable as long as it trails little; hurried only by as much as keeps it near its picture.
    near = min(max(trailing, COMFORTABLE_TEMPO), HURRIED_TEMPO)
    return max(near, min(wanted, most))


def _within(places: dict[int, VoicePlace], film_end: float) -> dict[int, VoicePlace]:
    kept: dict[int, VoicePlace] = {}
    for number, place in places.items():
        if place.end <= film_end:
            kept[number] = place
        elif place.start < film_end:
            most = film_end - place.start
            kept[number] = VoicePlace(number, place.start, film_end, place.tempo, most_seconds=most)
    return kept
