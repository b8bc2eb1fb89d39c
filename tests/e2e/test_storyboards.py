"""Storyboards by a model, shaped by a person: the whole suite in front of a stand-in that speaks OpenAI's protocol.

On the embedded stack alone: what is below the services changes nothing here, and the main path covers both.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from adreel_testkit.standins.llm_app import Fault, LLMStandin
from adreel_testkit.suite.client import SuiteClient, is_in_review
from adreel_testkit.suite.for_tests import suite_under_test
from adreel_testkit.suite.stacks import StackKind

# A hanging model is given up after so long; it is asked twice for one piece of writing.
DEADLINE_SECONDS = 2
SPENT_ATTEMPTS = 2


@dataclass
class Studio:
    """The suite's API and the model behind it."""

    api: SuiteClient
    model: LLMStandin

    async def reviewed(self, order: dict[str, Any]) -> dict[str, Any]:
        job = await self.api.create_job(order)
        return await self.api.until(job["id"], is_in_review, within_seconds=60)

    async def act(self, job_id: str, action: str, *, prefer: str = "", **fields: Any) -> Any:
        headers = {"Prefer": prefer} if prefer else {}
        return await self.api.http.post(f"/jobs/{job_id}/actions", json={"action": action, **fields}, headers=headers)

    def asked_since(self, count: int) -> str:
        return json.dumps([call.body for call in self.model.calls[count:]])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def standin() -> AsyncIterator[LLMStandin]:
    async with LLMStandin() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def modelled(standin: LLMStandin) -> AsyncIterator[str]:
    """The address of a suite whose storyboards are written by the stand-in."""
    settings = {
        "AI_PROVIDER": "openai",
        "AI_API_KEY": "test-key",
        "AI_BASE_URL": standin.openai_url,
        "AI_MODEL": "gpt-6-luna",
        "ADREEL_WRITER_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
    }
    async with suite_under_test(StackKind.EMBEDDED, settings) as stack:
        yield stack.base_url


@pytest_asyncio.fixture(loop_scope="session")
async def studio(modelled: str, standin: LLMStandin) -> AsyncIterator[Studio]:
    standin.state.faults.clear()
    async with SuiteClient(modelled) as api:
        yield Studio(api, standin)


@pytest.fixture
def brief() -> dict[str, Any]:
    return {
        "context": {"clientId": "e2e"},
        "adBasics": {
            "product": "Smart Watch",
            "targetAudience": "Tech enthusiasts",
            "keyMessage": "Stay connected",
            "callToAction": "Buy Now",
        },
        "creative": {"direction": {"style": "Modern"}, "assets": []},
        "video": {"durationSeconds": 30, "backend": "local"},
    }


def words_of(job: dict[str, Any], *, but: int = 0) -> list[tuple[str, str]]:
    return [(s["script"], s["description"]) for s in job["scenes"] if s["sceneNumber"] != but]


def total_of(job: dict[str, Any]) -> float:
    return round(sum(scene["duration"] for scene in job["scenes"]), 3)


async def test_a_model_writes_and_says_so_and_is_billed(studio, brief):
    job = await studio.reviewed(brief)
    assert {scene["generator"] for scene in job["scenes"]} == {"openai:gpt-6-luna"}
    assert {scene["promptVersion"] for scene in job["scenes"]} == {"storyboard.v2"}
    assert 3 <= len(job["scenes"]) <= 7
    assert total_of(job) == 30
    (line,) = [line for line in job["cost"]["lines"] if line["state"] == "actual"]
    assert (line["kind"], line["provider"], line["unit"]) == ("storyboard", "openai", "token")
    assert float(job["cost"]["actual"]) > 0


async def test_one_scene_is_regenerated_with_feedback_and_constraints(studio, brief):
    job = await studio.reviewed(brief)
    asked = len(studio.model.calls)
    response = await studio.act(
        job["id"], "regenerate_scene", sceneNumber=2, feedback="show it at night", constraints={"durationSeconds": 9}
    )
    assert response.status_code == 200
    after = response.json()["data"]
    assert words_of(after, but=2) == words_of(job, but=2)
    assert words_of(after) != words_of(job)
    assert total_of(after) == 30
    assert after["scenes"][1]["duration"] == 9
    assert [scene["promptVersion"] for scene in after["scenes"][:2]] == ["storyboard.v2", "scene.v2"]
    said = studio.asked_since(asked)
    assert "show it at night" in said
    assert job["scenes"][0]["script"] in said


async def test_a_rejection_is_remembered_by_later_attempts(studio, brief):
    job = await studio.reviewed(brief)
    response = await studio.act(job["id"], "reject_storyboard", feedback="less shouting, please")
    assert response.status_code == 200
    assert response.json()["data"]["storyboard"]["feedback"] == ["less shouting, please"]
    asked = len(studio.model.calls)
    await studio.act(job["id"], "regenerate_all_scenes")
    assert "less shouting, please" in studio.asked_since(asked)


async def test_of_two_regenerations_at_once_one_wins(studio, brief):
    job = await studio.reviewed(brief)
    answers = await asyncio.gather(
        *(studio.act(job["id"], "regenerate_scene", sceneNumber=n, feedback="warmer") for n in (1, 2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["error"]["code"] == "ACTION_NOT_ALLOWED"
    after = await studio.api.until(job["id"], is_in_review)
    assert sum(a != b for a, b in zip(words_of(job), words_of(after), strict=True)) == 1


async def test_a_slow_model_does_not_keep_other_jobs_waiting(studio, brief):
    studio.model.order(Fault("hang"))
    slow = await studio.api.create_job(brief, prefer="respond-async")
    while not any(call.fault == "hang" for call in studio.model.calls):
        await asyncio.sleep(0.02)
    started = time.monotonic()
    others = [await studio.reviewed(brief) for _ in range(3)]
    still = await studio.api.job(slow["id"])
    # The slow one hangs for a whole deadline; had the others waited for it, it would be over.
    if time.monotonic() - started < DEADLINE_SECONDS * 0.8:
        assert still["status"] == "pending"
    assert all(is_in_review(job) for job in others)
    done = await studio.api.until(slow["id"], is_in_review, within_seconds=60)
    assert len(done["scenes"]) >= 3


async def test_a_timeout_is_an_error_on_the_scene_and_no_lost_storyboard(studio, brief):
    job = await studio.reviewed(brief)
    studio.model.order(*[Fault("hang")] * SPENT_ATTEMPTS)
    asked = len(studio.model.calls)
    await studio.act(job["id"], "regenerate_scene", sceneNumber=2, feedback="darker", prefer="respond-async")
    after = await studio.api.until(
        job["id"], lambda job: is_in_review(job) and job["error"] is not None, within_seconds=120
    )
    assert (after["error"]["code"], after["error"]["details"]["sceneNumber"]) == ("PROVIDER_TIMEOUT", 2)
    assert words_of(after) == words_of(job)
    assert len(studio.model.calls) - asked == SPENT_ATTEMPTS
    again = await studio.act(job["id"], "regenerate_scene", sceneNumber=2, feedback="darker")
    assert again.json()["data"]["error"] is None
    assert words_of(again.json()["data"], but=2) == words_of(job, but=2)


async def test_a_persons_edits_are_guarded_checked_and_undone(studio, brief):
    http = studio.api.http
    job = await studio.reviewed(brief)
    at = f"/jobs/{job['id']}/scenes"
    first = await http.get(f"{at}/1")
    tag = first.headers["etag"]
    edited = await http.put(f"{at}/1", json={"script": "My own words."}, headers={"If-Match": tag})
    assert (edited.status_code, edited.json()["data"]["generator"]) == (200, "user")
    assert edited.json()["data"]["promptVersion"] is None
    stale = await http.put(f"{at}/1", json={"script": "Later words."}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "PRECONDITION_FAILED")
    for bad in ({"duration": -1}, {"assets": ["11111111-2222-4333-8444-555555555555"]}, {"description": ""}):
        assert (await http.put(f"{at}/1", json=bad)).status_code == 422
    revisions = (await http.get(f"{at}/1/revisions")).json()["data"]
    assert [(r["cause"], r["actor"]) for r in revisions] == [("edit", "user")]
    assert revisions[0]["scene"]["promptVersion"] == "storyboard.v2"
    restored = await http.post(f"{at}/1/revisions/{revisions[0]['revision']}/restore")
    assert restored.json()["data"]["script"] == first.json()["data"]["script"]

    count = len(job["scenes"])
    added = await http.post(at, json={"duration": 3, "description": "A street.", "script": "More."})
    assert (added.status_code, len(added.json()["data"])) == (201, count + 1)
    numbers = list(range(1, count + 2))
    moved = await http.put(f"{at}/order", json={"sceneNumbers": [numbers[1], numbers[0], *numbers[2:]]})
    assert moved.json()["data"][0]["script"] == added.json()["data"][1]["script"]
    assert (await http.put(f"{at}/order", json={"sceneNumbers": [1, 1]})).status_code == 422
    assert (await http.delete(f"{at}/1")).status_code == 200
    left = (await http.get(at)).json()["data"]
    assert [scene["sceneNumber"] for scene in left] == list(range(1, count + 1))
    assert round(sum(scene["duration"] for scene in left), 1) == 30


async def test_an_approved_storyboard_is_locked(studio, brief):
    http = studio.api.http
    job = await studio.reviewed(brief | {"video": {"durationSeconds": 5, "resolution": "720p", "backend": "local"}})
    stale = await studio.act(job["id"], "approve_storyboard", storyboardVersion=job["storyboard"]["version"] + 7)
    assert stale.status_code == 409
    approved = await studio.act(job["id"], "approve_storyboard", storyboardVersion=job["storyboard"]["version"])
    assert approved.status_code == 200
    at = f"/jobs/{job['id']}/scenes"
    numbers = [scene["sceneNumber"] for scene in job["scenes"]]
    for answer in (
        await http.put(f"{at}/1", json={"script": "Too late."}),
        await http.post(at, json={"duration": 1, "description": "A street.", "script": "More."}),
        await http.delete(f"{at}/1"),
        await http.put(f"{at}/order", json={"sceneNumbers": numbers[::-1]}),
        await studio.act(job["id"], "regenerate_scene", sceneNumber=1),
        await studio.act(job["id"], "reject_storyboard", feedback="no"),
    ):
        assert answer.status_code == 409, answer.text
    await studio.act(job["id"], "cancel")


async def test_the_dry_run_tells_scenes_and_tokens_and_asks_no_model(studio, brief):
    asked = len(studio.model.calls)
    told = (await studio.api.http.post("/jobs/dry-run", json=brief)).json()["data"]
    assert len(studio.model.calls) == asked
    assert told["expectedScenes"] == len((await studio.reviewed(brief))["scenes"])
    assert told["expectedTokens"] > 1_000
    (line,) = [line for line in told["cost"]["lines"] if line["kind"] == "storyboard"]
    assert (line["quantity"], line["state"]) == (told["expectedTokens"], "estimated")


async def test_doubts_are_warnings_and_refuse_nothing(studio, brief):
    http = studio.api.http
    job = await studio.reviewed(brief)
    at = f"/jobs/{job['id']}/scenes/1"
    spoken = await http.put(at, json={"script": "far too many words for it " * 20})
    assert spoken.status_code == 200
    assert any("words" in warning for warning in spoken.json()["data"]["warnings"])
    unseen = await http.put(at, json={"script": "Fine.", "description": "Slowly and quietly."})
    assert any("what is seen" in warning for warning in unseen.json()["data"]["warnings"])
    longer = await http.put(at, json={"duration": 12})
    assert longer.status_code == 200
    assert any("asked for" in warning for warning in (await studio.api.job(job["id"]))["storyboard"]["warnings"])
