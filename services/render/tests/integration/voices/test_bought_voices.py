"""Films spoken by OpenAI's stand-in: what is asked, how often, what it costs, and what becomes of every failure.

The stand-in keeps the books: each POST that it was sent is on its list, whatever it answered.
"""

import asyncio
import uuid

import numpy as np
import pytest
from adreel_render.domain.voice_prices import voice_price
from adreel_testkit.standins.llm_app import Fault, LLMStandin
from adreel_testkit.standins.llm_speech import SECONDS_PER_WORD
from voice_rig import SCRIPTS, Studio, open_studio

pytestmark = pytest.mark.connected

MICROS = voice_price("openai", "gpt-4o-mini-tts").micros_per_character
# Where only the bill matters there is little to draw.
SHORT = (1.2, 1.0, 1.0)
WHOLE_MICROS = sum(map(len, SCRIPTS)) * MICROS


def paid(event: dict) -> int:
    assert all(line["kind"] == "voice" and line["state"] == "actual" for line in event["cost_lines"])
    return sum(line["amount_micros"] for line in event["cost_lines"])


async def test_each_scene_is_bought_once_and_on_the_bill(paid_studio: Studio, standin: LLMStandin) -> None:
    job_id = uuid.uuid4()
    render_id = await paid_studio.order(job_id)
    event, sound = await paid_studio.film(render_id)

    assert sorted(call.body["input"] for call in standin.calls) == sorted(SCRIPTS)
    call = standin.calls[0]
    assert call.body | {"input": ""} == {
        "model": "gpt-4o-mini-tts",
        "voice": "coral",
        "response_format": "wav",
        "input": "",
        "instructions": "Voice-over of an advertisement, natural and clear, at an easy pace. Tone: calm.",
    }
    assert call.headers["authorization"] == "Bearer key"
    assert paid(event) == WHOLE_MICROS
    # The recordings' own silence is gone: they are as long as their words.
    spoken = await paid_studio.spoken(render_id)
    assert spoken[1].seconds == pytest.approx(len(SCRIPTS[0].split()) * SECONDS_PER_WORD, abs=0.12)
    heard = sound[round(4.25 * 48000) : round((4.25 + spoken[2].seconds) * 48000)]
    assert 10 * np.log10(np.square(heard).mean()) > -30

    again = await paid_studio.order(job_id)
    event, _ = await paid_studio.film(again)
    assert len(standin.calls) == 3
    assert event["cost_lines"] == []

    changed = await paid_studio.order(job_id, scripts=(SCRIPTS[0], "Another.", SCRIPTS[2]))
    event, _ = await paid_studio.film(changed)
    assert [call.body["input"] for call in standin.calls[3:]] == ["Another."]
    assert paid(event) == len("Another.") * MICROS


async def test_scenes_that_say_the_same_are_bought_once(paid_studio: Studio, standin: LLMStandin) -> None:
    render_id = await paid_studio.order(uuid.uuid4(), scripts=("Buy now.",) * 3, lengths=SHORT)
    await paid_studio.film(render_id)
    assert len(standin.calls) == 1
    assert sorted(await paid_studio.spoken(render_id)) == [1, 2, 3]


async def test_throttled_call_waits_as_long_as_it_is_told(paid_studio: Studio, standin: LLMStandin) -> None:
    standin.order(Fault("status", "speech", status=429, code="rate_limit_exceeded", retry_after_seconds=1))
    event, _ = await paid_studio.film(await paid_studio.order(uuid.uuid4(), lengths=SHORT))
    assert len(standin.calls) == 4
    assert paid(event) == WHOLE_MICROS


@pytest.mark.parametrize("kind", ["status", "drop", "broken_body", "silent"])
async def test_what_was_perhaps_paid_is_bought_once_more_and_both_count(
    paid_studio: Studio, standin: LLMStandin, kind: str
) -> None:
    standin.order(Fault(kind, "speech", status=500))
    event, _ = await paid_studio.film(
        await paid_studio.order(uuid.uuid4(), scripts=("Buy now.", "", ""), lengths=SHORT)
    )
    assert [call.fault for call in standin.calls] == [kind, None]
    assert paid(event) == 2 * len("Buy now.") * MICROS


@pytest.mark.parametrize(
    ("kind", "code"),
    [("status", "PROVIDER_ERROR"), ("drop", "PROVIDER_ERROR"), ("broken_body", "PROVIDER_OUTPUT_LOST")],
)
async def test_voice_that_cannot_be_had_fails_the_film_before_anything_is_drawn(
    paid_studio: Studio, standin: LLMStandin, kind: str, code: str
) -> None:
    standin.order(*[Fault(kind, "speech", status=500)] * 2)
    job_id = uuid.uuid4()
    type_, event = await paid_studio.ended(await paid_studio.order(job_id, scripts=("Buy now.", "", ""), lengths=SHORT))

    assert type_ == "render.failed.v1"
    assert event["error"]["code"] == code
    assert event["scene_number"] == 1
    assert len(standin.calls) == 2
    assert paid(event) == 2 * len("Buy now.") * MICROS
    assert await paid_studio.count("clips") == 0

    # A retry is another render: what works now is bought, and nothing else.
    event, _ = await paid_studio.film(await paid_studio.order(job_id, scripts=("Buy now.", "", ""), lengths=SHORT))
    assert len(standin.calls) == 3
    assert paid(event) == len("Buy now.") * MICROS


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("status", "speech", status=401, code="invalid_api_key"), "MISSING_API_KEY"),
        (Fault("status", "speech", status=429, code="insufficient_quota", message="no credit"), "QUOTA_EXCEEDED"),
        (Fault("status", "speech", status=404, code="model_not_found", message="no such model"), "BACKEND_UNAVAILABLE"),
        (Fault("status", "speech", status=400, message="refused by our content policy"), "CONTENT_POLICY_VIOLATION"),
        (Fault("status", "speech", status=400, message="bad input"), "PROVIDER_ERROR"),
    ],
)
async def test_refusal_is_final_and_costs_nothing(
    paid_studio: Studio, standin: LLMStandin, fault: Fault, code: str
) -> None:
    standin.order(fault)
    type_, event = await paid_studio.ended(
        await paid_studio.order(uuid.uuid4(), scripts=("Buy now.", "", ""), lengths=SHORT)
    )
    assert (type_, event["error"]["code"]) == ("render.failed.v1", code)
    assert len(standin.calls) == 1
    assert event["cost_lines"] == []


async def test_voices_that_were_had_are_kept_when_another_one_fails(paid_studio: Studio, standin: LLMStandin) -> None:
    standin.order(Fault("status", "speech", status=400, message="bad input"))
    job_id = uuid.uuid4()
    type_, event = await paid_studio.ended(await paid_studio.order(job_id, lengths=SHORT))
    assert type_ == "render.failed.v1"
    bought = paid(event)
    assert 0 < bought < WHOLE_MICROS

    event, _ = await paid_studio.film(await paid_studio.order(job_id, lengths=SHORT))
    assert len(standin.calls) == 4
    assert bought + paid(event) == WHOLE_MICROS


async def test_call_without_an_answer_is_ended_and_made_once_more(database, standin: LLMStandin, tmp_path) -> None:
    async with open_studio(database, tmp_path, openai_url=standin.openai_url, create_seconds=0.5) as studio:
        standin.order(Fault("hang", "speech"))
        event, _ = await studio.film(await studio.order(uuid.uuid4(), scripts=("Buy now.", "", ""), lengths=SHORT))
    assert len(standin.calls) == 2
    assert paid(event) == 2 * len("Buy now.") * MICROS


async def test_provider_that_cannot_be_reached_is_told_as_such(database, tmp_path) -> None:
    async with open_studio(database, tmp_path, openai_url="http://127.0.0.1:9/v1") as studio:
        # The pause between tries grows to a minute: the first is what is looked at.
        render_id = await studio.order(uuid.uuid4(), scripts=("Buy now.", "", ""), lengths=SHORT)
        async with asyncio.timeout(30):
            while True:
                async with studio.database.connection() as conn:
                    row = await conn.fetchrow("SELECT state, error, tries, not_before > now() AS waits FROM purchases")
                if row is not None and row["error"] is not None:
                    break
                await asyncio.sleep(0.05)
    assert (row["state"], row["error"]["code"], row["tries"], row["waits"]) == (
        "intended",
        "BACKEND_UNAVAILABLE",
        1,
        True,
    )
    assert render_id


async def test_animatic_is_spoken_by_the_scratch_voice_and_costs_nothing(
    paid_studio: Studio, standin: LLMStandin
) -> None:
    job_id = uuid.uuid4()
    data = paid_studio.request(job_id, lengths=SHORT) | {"is_preview": True}
    await paid_studio.receive("render.requested.v1", job_id, data)
    async with asyncio.timeout(60):
        while await paid_studio.count("media") == 0:
            await asyncio.sleep(0.05)

    spoken = await paid_studio.spoken(data["render_id"])
    assert {speech.provider for speech in spoken.values()} == {"local"}
    assert standin.calls == []
    assert await paid_studio.count("purchases") == 0


async def test_cancelled_film_is_spoken_no_further_and_pays_for_what_was_said(
    paid_studio: Studio, standin: LLMStandin
) -> None:
    standin.order(*[Fault("hang", "speech", delay_seconds=1.0)] * 3)
    job_id = uuid.uuid4()
    render_id = await paid_studio.order(job_id, lengths=SHORT)
    async with asyncio.timeout(30):
        while len(standin.calls) < 3:
            await asyncio.sleep(0.02)
    await paid_studio.receive("job.cancelled.v1", job_id, {"job_id": str(job_id)})
    async with asyncio.timeout(60):
        while await _open_purchases(paid_studio):
            await asyncio.sleep(0.1)

    assert len(standin.calls) == 3
    booked = await paid_studio.published("cost.booked.v1")
    assert sum(line["amount_micros"] for data in booked for line in data["cost_lines"]) == WHOLE_MICROS
    assert await paid_studio.published("render.completed.v1", render_id) == []


async def test_call_that_a_crash_left_behind_is_counted_and_made_once_more(
    paid_studio: Studio, standin: LLMStandin
) -> None:
    job_id = uuid.uuid4()
    order = {"scripts": ("Buy now.", "", ""), "lengths": SHORT}
    await paid_studio.film(await paid_studio.order(job_id, **order))
    async with paid_studio.database.transaction() as conn:
        # As if the process had died between the commit and the answer.
        await conn.execute("DELETE FROM render_speeches")
        await conn.execute("DELETE FROM speeches")
        await conn.execute(
            "UPDATE purchases SET state = 'submitting', submit_started_at = now() - interval '9 s', "
            "provider_id = NULL, submitted_at = NULL, output_sha256 = NULL, settled_at = NULL, cost_micros = 0, "
            "cost_lines = '[]', billed_to = NULL, billed_at = NULL"
        )

    event, _ = await paid_studio.film(await paid_studio.order(job_id, **order))

    assert len(standin.calls) == 2
    booked = await paid_studio.published("cost.booked.v1")
    assert [paid(one) for one in booked] == [len("Buy now.") * MICROS], "the lost one, by an event of its own"
    assert paid(event) == len("Buy now.") * MICROS


async def _open_purchases(studio: Studio) -> int:
    async with studio.database.connection() as conn:
        return await conn.fetchval("SELECT count(*) FROM purchases WHERE settled_at IS NULL")
