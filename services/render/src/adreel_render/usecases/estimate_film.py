"""What a film costs: roughly before there is a storyboard, clip by clip once there is one."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adreel_kit.db import Database
from pydantic import ValidationError

from adreel_render.adapters.postgres import purchases as ledger
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.domain.events import CostLine
from adreel_render.domain.film_layout import body_frames
from adreel_render.domain.paid_scene import PAID_BACKENDS, ScenePart, hero_of, parts_of, work_key_for
from adreel_render.domain.prices import VideoPrice, estimate_video, video_price
from adreel_render.domain.request import RenderRequested, RequestedScene

# A storyboard of 12 s had scenes of 3.2, 4.6 and 4.2 s.
_SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class FilmEstimate:
    """The lines of the whole film, and how much of them is not bought yet."""

    lines: tuple[CostLine, ...]
    open_micros: int

    @property
    def total_micros(self) -> int:
        return sum(line.amount_micros for line in self.lines)


class EstimateFilm:
    """Estimates by the deployment's prices."""

    def __init__(self, database: Database, prices: Mapping[str, VideoPrice]) -> None:
        self._database = database
        self._prices = prices

    def roughly(
        self, backend: str, *, duration_seconds: float, scene_count: int, resolution: str, with_audio: bool
    ) -> FilmEstimate:
        """A film of so many scenes, whose lengths are not known yet. Raises BackendUnknown."""
        line = estimate_video(
            backend,
            _likely_lengths(duration_seconds, max(scene_count, 1)),
            with_audio=with_audio,
            resolution=resolution or "1080p",
            prices=self._prices,
        )
        return FilmEstimate((line,), line.amount_micros)

    async def exactly(self, data: Mapping[str, Any]) -> FilmEstimate:
        """The film of this render request, by the clips that its scenes will have.

        A clip that a render of the job has bought before is part of the lines and not of what is open. Raises
        SceneUnrenderable for what is no request, BackendUnknown.
        """
        request = _request(data)
        price = video_price(request.video.backend, self._prices)
        scenes = sorted(request.scenes, key=lambda scene: scene.scene_number)
        seconds = [frames / request.video.fps for frames in body_frames(scenes, request.video.fps)]
        line = estimate_video(
            request.video.backend, seconds, with_audio=False, resolution=request.video.resolution, prices=self._prices
        )
        if request.video.backend not in PAID_BACKENDS:
            return FilmEstimate((line,), line.amount_micros)
        rate = price.micros_per_second(request.video.resolution, with_audio=False)
        keys = {
            (scene.scene_number, part.number): (part.seconds * rate, _names(request, scene, part, price))
            for scene, length in zip(scenes, seconds, strict=True)
            for part in parts_of(price, length)
        }
        async with self._database.connection() as conn:
            bought = await ledger.bought_keys(conn, [name for _, names in keys.values() for name in names])
        open_micros = sum(micros for micros, names in keys.values() if not bought.intersection(names))
        return FilmEstimate((line,), open_micros)


def _likely_lengths(total_seconds: float, count: int) -> list[float]:
    """Lengths that add up to the total, spread evenly around their mean: equal ones would promise too much, as clips
    are paid whole and half of the scenes are longer than the mean."""
    mean = total_seconds / count
    return [mean * (1 + _SPREAD * (2 * (place + 0.5) / count - 1)) for place in range(count)]


def _names(request: RenderRequested, scene: RequestedScene, part: ScenePart, price: VideoPrice) -> tuple[str, ...]:
    """What the clip may be known by: with the scene's picture, and without it where that could not be decoded."""
    return tuple(
        work_key_for(request, scene, part, price, picture=picture) for picture in {hero_of(request, scene), None}
    )


def _request(data: Mapping[str, Any]) -> RenderRequested:
    try:
        return RenderRequested.model_validate({**data, "render_id": uuid.UUID(int=0)})
    except ValidationError as error:
        raise SceneUnrenderable("The storyboard cannot be read.") from error
