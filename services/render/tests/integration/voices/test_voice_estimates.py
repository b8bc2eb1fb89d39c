"""What a film's voice costs before it is spoken: by its length, then by its words, without those that are there."""

import uuid

import pytest
from adreel_render.domain.errors import SceneUnrenderable
from adreel_render.domain.voice_orders import PaidVoice
from adreel_render.domain.voice_prices import voice_price
from adreel_render.usecases.estimate_voice import EstimateVoice
from voice_rig import SCRIPTS, Studio

pytestmark = pytest.mark.connected

PRICE = voice_price("openai", "gpt-4o-mini-tts")
MICROS = PRICE.micros_per_character


@pytest.fixture
def estimate(database) -> EstimateVoice:
    return EstimateVoice(database, PRICE, PaidVoice(PRICE, "coral"))


def test_film_without_a_storyboard_is_priced_by_its_length(estimate: EstimateVoice) -> None:
    rough = estimate.roughly(30.0)
    assert rough.line.amount_micros == rough.open_micros == 375 * MICROS


async def test_what_is_spoken_already_is_not_open_any_more(paid_studio: Studio, estimate: EstimateVoice) -> None:
    job_id = uuid.uuid4()
    data = paid_studio.request(job_id, lengths=(1.2, 1.0, 1.0))
    whole = await estimate.exactly(data)
    assert whole is not None
    assert whole.line.amount_micros == whole.open_micros == sum(map(len, SCRIPTS)) * MICROS

    await paid_studio.receive("render.requested.v1", job_id, data)
    event, _ = await paid_studio.film(data["render_id"])

    assert sum(line["amount_micros"] for line in event["cost_lines"]) == whole.open_micros
    after = await estimate.exactly(data)
    assert after is not None
    assert (after.line.amount_micros, after.open_micros) == (whole.line.amount_micros, 0)
    data["scenes"][1]["script"] = "Another."
    changed = await estimate.exactly(data)
    assert changed is not None
    assert changed.open_micros == len("Another.") * MICROS


async def test_film_without_a_voice_has_no_line_and_the_scratch_voice_is_free(studio: Studio, database) -> None:
    price = voice_price("local", "local")
    estimate = EstimateVoice(database, price, None)
    spoken = await estimate.exactly(studio.request(uuid.uuid4()))
    assert spoken is not None
    assert (spoken.line.amount_micros, spoken.open_micros, spoken.line.provider) == (0, 0, "adreel")
    assert await estimate.exactly(studio.request(uuid.uuid4(), voiceover=False)) is None


@pytest.mark.parametrize("data", [{}, {"scenes": 3}, {"scenes": []}])
async def test_what_is_no_film_is_refused(estimate: EstimateVoice, studio: Studio, data: dict) -> None:
    with pytest.raises(SceneUnrenderable):
        await estimate.exactly((studio.request(uuid.uuid4()) | data) if data else {})
