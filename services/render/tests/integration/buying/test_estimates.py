"""What a film costs before it is bought: clip by clip, and without what its job has bought already."""

import json
from pathlib import Path
from typing import Any

import pytest
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.domain.paid_scene import hero_of, order_for, parts_of
from adreel_render.domain.prices import VIDEO_PRICES, video_price
from adreel_render.domain.request import RenderRequested
from adreel_render.usecases.estimate_film import EstimateFilm

pytestmark = pytest.mark.connected

EXAMPLE = Path(__file__).parents[5] / "proto/events/examples/render.requested.v1/full.json"
LENGTHS = (3.2, 4.0, 6.5, 9.0)  # 4, 4, 8 and twice 6 s of veo


@pytest.fixture
def film() -> dict[str, Any]:
    """A film of four scenes by Replicate."""
    body = json.loads(EXAMPLE.read_text("utf-8"))
    data = body.get("data", body)
    scene = data["scenes"][0]
    data["scenes"] = [
        scene | {"id": f"00000000-0000-4000-8000-00000000000{number}", "scene_number": number,
                 "duration_seconds": seconds, "description": f"Scene {number}."}
        for number, seconds in enumerate(LENGTHS, start=1)
    ]  # fmt: skip
    data["video"] |= {"backend": "replicate", "resolution": "720p", "aspect_ratio": "16:9", "fps": 24}
    return data


@pytest.fixture
def estimate(database):
    return EstimateFilm(database, VIDEO_PRICES)


async def test_each_scene_is_priced_by_its_own_clips(estimate, film):
    whole = await estimate.exactly(film)
    assert (whole.total_micros, whole.open_micros) == (28 * 200_000, 28 * 200_000)
    (line,) = whole.lines
    assert (line.quantity, line.unit, line.model, line.state) == (28, "second", "google/veo-3.1", "estimated")


async def test_what_was_bought_is_not_open_any_more(shop, estimate, film):
    request = RenderRequested.model_validate(film | {"render_id": "00000000-0000-4000-8000-0000000000ff"})
    price = video_price("replicate")
    scene = request.scene(1)
    (part,) = parts_of(price, LENGTHS[0])
    await shop.buy(order_for(request, scene, part, price, hero=hero_of(request, scene), reference=None))
    after = await estimate.exactly(film)
    assert (after.total_micros, after.open_micros) == (28 * 200_000, 24 * 200_000)
    film["scenes"][0]["description"] = "Another scene."
    assert (await estimate.exactly(film)).open_micros == 28 * 200_000, "a changed scene is bought anew"
    film["scenes"][0]["description"] = "Scene 1."
    film["scenes"][0]["script"] = "Other words over the same picture."
    assert (await estimate.exactly(film)).open_micros == 24 * 200_000


@pytest.mark.parametrize(
    ("backend", "seconds", "count", "billed"),
    [
        ("replicate", 12.0, 3, 14),  # 3.5, 4 and 4.5 s: clips of 4, 4 and 6 s
        ("replicate", 30.0, 6, 36),
        ("replicate", 24.0, 1, 24),
        ("gemini", 6.0, 3, 9),
        ("local", 12.0, 3, 12),
    ],
)
async def test_before_there_is_a_storyboard_scenes_are_not_taken_to_be_equal(estimate, backend, seconds, count, billed):
    rough = estimate.roughly(backend, duration_seconds=seconds, scene_count=count, resolution="720p", with_audio=False)
    assert rough.lines[0].quantity == pytest.approx(billed)
    assert rough.open_micros == rough.total_micros


async def test_what_was_drawn_here_costs_nothing(estimate, film):
    film["video"]["backend"] = "local"
    assert (await estimate.exactly(film)).total_micros == 0


@pytest.mark.parametrize("broken", [{}, {"scenes": 3}])
async def test_what_is_no_film_is_refused(estimate, film, broken):
    with pytest.raises(SceneUnrenderable):
        await estimate.exactly(film | broken if broken else {})
