"""Films that speak, over the whole suite: what the API tells of a voice and its cost is what the provider was asked.

On the embedded stack alone: what is below the services changes nothing here.
"""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from adreel_render.engine.cues import SAMPLE_RATE
from adreel_render.engine.listening import read_samples
from adreel_render.engine.loudness import integrated_lufs, true_peak_dbtp
from adreel_testkit.standins.llm_app import Fault, LLMStandin
from adreel_testkit.suite.client import Job, SuiteClient, is_completed, is_in_review
from adreel_testkit.suite.for_tests import suite_under_test
from adreel_testkit.suite.stacks import StackKind

USD_PER_CHARACTER = Decimal("0.000017")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def speaker() -> AsyncIterator[LLMStandin]:
    async with LLMStandin() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def spoken(speaker: LLMStandin) -> AsyncIterator[str]:
    """The address of a suite whose films are spoken by the stand-in."""
    settings = {
        "OPENAI_API_KEY": "key-of-a-test",
        "OPENAI_BASE_URL": speaker.openai_url,
        # The same key would have a model write the storyboard.
        "AI_PROVIDER": "template",
    }
    async with suite_under_test(StackKind.EMBEDDED, settings) as stack:
        yield stack.base_url


@pytest_asyncio.fixture(loop_scope="session")
async def api(spoken: str, speaker: LLMStandin) -> AsyncIterator[SuiteClient]:
    speaker.state.faults.clear()
    speaker.state.calls.clear()
    async with SuiteClient(spoken) as client:
        yield client


@pytest.fixture
def spoken_order(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {
        "context": {"clientId": "e2e"},
        "adBasics": {
            # The test's name in the words of the ad: no test finds another one's speeches in a cache.
            "product": f"Vereda Walks {abs(hash(request.node.nodeid)) % 10_000}",
            "targetAudience": "people who like long days outdoors",
            "keyMessage": "A week of walking where everything else is taken care of",
            "callToAction": "Book your week",
        },
        "creative": {"direction": {"style": "Documentary"}, "assets": []},
        "video": {"durationSeconds": 9, "resolution": "720p", "fps": 24, "voiceover": True, "backend": "local"},
    }


def said(speaker: LLMStandin) -> list[str]:
    return [call.body["input"] for call in speaker.calls if call.provider == "speech"]


def voice_cost(job: Job, state: str) -> Decimal:
    lines = [line for line in job["cost"]["lines"] if line["kind"] == "voice" and line["state"] == state]
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))


async def approved(api: SuiteClient, job_id: str) -> Job:
    answer = await api.http.post(f"/jobs/{job_id}/actions", json={"action": "approve_storyboard"})
    assert answer.status_code == 200, answer.text
    return await api.until(job_id, is_completed, within_seconds=240)


async def test_film_speaks_its_scenes_and_costs_what_was_said(
    api: SuiteClient, speaker: LLMStandin, spoken_order: dict[str, Any], tmp_path: Path
) -> None:
    estimate = (await api.http.post("/jobs/dry-run", json=spoken_order)).json()["data"]
    assert [line["kind"] for line in estimate["cost"]["lines"]].count("voice") == 1
    job = await api.create_job(spoken_order)
    job = await api.until(job["id"], is_in_review, within_seconds=60)
    assert said(speaker) == []

    job = await approved(api, job["id"])

    scripts = [scene["script"] for scene in job["scenes"]]
    assert sorted(said(speaker)) == sorted(scripts)
    paid = sum(map(len, scripts)) * USD_PER_CHARACTER
    assert voice_cost(job, "actual") == paid
    assert voice_cost(job, "estimated") == paid, "by then every word was known"
    assert Decimal(job["cost"]["actual"]) == paid

    film = tmp_path / "film.mp4"
    film.write_bytes((await api.http.get(f"/jobs/{job['id']}/video")).content)
    sound = read_samples(film, 60 * SAMPLE_RATE)
    assert integrated_lufs(sound) == pytest.approx(-16.0, abs=1.0)
    assert true_peak_dbtp(sound) < -1.0


async def test_one_changed_scene_is_one_new_speech_and_a_failed_voice_is_a_retry(
    api: SuiteClient, speaker: LLMStandin, spoken_order: dict[str, Any]
) -> None:
    job = await api.create_job(spoken_order)
    await api.until(job["id"], is_in_review, within_seconds=60)
    job = await approved(api, job["id"])
    before = len(said(speaker))
    await api.http.post(f"/jobs/{job['id']}/actions", json={"action": "reopen_storyboard"})
    await api.until(job["id"], is_in_review, within_seconds=60)
    await api.http.put(f"/jobs/{job['id']}/scenes/2", json={"script": "Something else is said here."})
    speaker.order(Fault("status", "speech", status=401, code="invalid_api_key"))

    await api.http.post(f"/jobs/{job['id']}/actions", json={"action": "approve_storyboard"})
    failed = await api.until(job["id"], lambda job: job["status"] == "failed", within_seconds=60)

    assert failed["error"]["code"] == "MISSING_API_KEY"
    assert failed["error"]["details"]["scene_number"] == 2
    await api.http.post(f"/jobs/{job['id']}/actions", json={"action": "retry"})
    job = await api.until(job["id"], is_completed, within_seconds=240)
    assert said(speaker)[before:] == ["Something else is said here."] * 2
    assert voice_cost(job, "actual") == sum(map(len, said(speaker)[: before + 1])) * USD_PER_CHARACTER
