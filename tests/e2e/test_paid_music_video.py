"""`/api/mv` on the paid backends, at a stand-in that speaks their wire: bought once, whatever is interrupted."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from adreel_embedded.stack import Stack
from adreel_testkit.standins.video_app import VideoStandin
from adreel_testkit.standins.video_faults import Fault
from adreel_testkit.suite.for_tests import suite_under_test
from adreel_testkit.suite.stacks import StackKind

Body = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def providers() -> AsyncIterator[VideoStandin]:
    async with VideoStandin(work_seconds=0.5) as standin:
        standin.state.clip_limit_seconds = 0.5
        yield standin


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(providers: VideoStandin) -> AsyncIterator[Stack]:
    """The embedded suite with keys for both providers, which are at the stand-in."""
    settings = {
        "REPLICATE_API_TOKEN": "r8-of-a-test",
        "REPLICATE_BASE_URL": providers.replicate_url,
        "GEMINI_API_KEY": "key-of-a-test",
        "GOOGLE_GEMINI_BASE_URL": providers.url,
        "PROVIDER_OUTPUT_ALLOWED_HOSTS": providers.host,
        "ADREEL_RECONCILE_GAP_SECONDS": "0.3",
        "ADREEL_PROVIDER_CREATE_SECONDS": "5",
        "ADREEL_SUBMIT_STALE_SECONDS": "15",
        "MV_DEBUG_MODE": "true",
    }
    async with suite_under_test(StackKind.EMBEDDED, settings) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def mv(shop: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{shop.base_url}/api/mv", timeout=120, trust_env=False) as client:
        yield client


def bought(providers: VideoStandin, words: str) -> int:
    """How many creations were made with these words in their inputs."""
    return sum(1 for creation in providers.creations if words in str(creation.inputs))


async def test_without_a_backend_named_replicate_makes_the_picture_and_the_clip(mv, providers) -> None:
    character = (await mv.post("/generate_character_reference", json={"character_description": "Keeper one"})).json()
    assert character["metadata"]["backend_used"] == "replicate"
    assert character["metadata"]["model_used"] == "google/imagen-4"
    assert base64.b64decode(character["image_base64"]).startswith(b"\x89PNG")

    clip = await mv.post(
        "/generate_video",
        json={
            "prompt": "Keeper one sings",
            "reference_id": character["reference_id"],
            "person_generation": "allow_all",
        },
    )

    assert clip.status_code == 200, clip.text
    metadata = clip.json()["metadata"]
    assert (metadata["backend_used"], metadata["model_used"]) == ("replicate", "google/veo-3.1")
    assert metadata["parameters_not_applied"] == ["person_generation"]
    assert isinstance(metadata["parameters_used"]["seed"], int)
    (creation,) = [one for one in providers.creations if "Keeper one sings" in str(one.inputs)]
    assert creation.inputs["duration"] == 8
    assert "reference_images" in creation.inputs
    assert "person_generation" not in creation.inputs
    served = await mv.get(clip.json()["video_url"].removeprefix("/api/mv"))
    assert served.content[4:8] == b"ftyp"


async def test_gemini_makes_both_too(mv, providers) -> None:
    picture = await mv.post(
        "/generate_character_reference", json={"character_description": "Keeper two", "backend": "gemini"}
    )
    assert picture.status_code == 200, picture.text
    clip = await mv.post("/generate_video", json={"prompt": "Keeper two", "backend": "gemini", "duration": 3})
    assert clip.status_code == 200, clip.text
    assert clip.json()["metadata"]["backend_used"] == "gemini"


async def test_bought_and_drawn_clips_are_joined(mv) -> None:
    drawn = await mv.post("/generate_video", json={"prompt": "Drawn", "duration": 1, "backend": "local"})
    paid = await mv.post("/generate_video", json={"prompt": "Paid", "duration": 4})

    film = await mv.post(
        "/merge_videos", json={"video_ids": [paid.json()["video_id"], drawn.json()["video_id"]], "transition": "wipe"}
    )

    assert film.status_code == 200, film.text
    assert film.json()["metadata"]["parameters_used"]["duration"] > 1


async def test_refusals_of_a_provider_have_the_contracts_codes(mv, providers) -> None:
    providers.order(Fault("outcome", match="forbidden", outcome="safety"))
    refused = await mv.post("/generate_video", json={"prompt": "Something forbidden"})
    assert (refused.status_code, refused.json()["error_code"]) == (422, "CONTENT_POLICY_VIOLATION")
    assert refused.json()["backend_used"] == "replicate"

    providers.order(Fault("outcome", match="hopeless", outcome="failed"))
    failed = await mv.post("/generate_video", json={"prompt": "Something hopeless"})
    assert (failed.status_code, failed.json()["error_code"]) == (500, "PROVIDER_ERROR")

    providers.order(Fault("status", match="penniless", status=402, message="Insufficient credit"))
    unpaid = await mv.post("/generate_video", json={"prompt": "Something penniless"})
    assert (unpaid.status_code, unpaid.json()["error_code"]) == (402, "QUOTA_EXCEEDED")


async def test_a_creation_whose_answer_is_lost_is_found_and_not_made_again(mv, providers) -> None:
    providers.order(Fault("created_drop", match="lost answer"))

    clip = await mv.post("/generate_video", json={"prompt": "A lost answer"})

    assert clip.status_code == 200, clip.text
    assert bought(providers, "A lost answer") == 1


async def test_a_killed_render_service_goes_on_with_what_it_bought(shop: Stack, mv, providers) -> None:
    providers.state.work_seconds = 4
    try:
        accepted = await mv.post(
            "/generate_video", json={"prompt": "Killed meanwhile"}, headers={"Prefer": "respond-async"}
        )
        async with asyncio.timeout(60):
            while not bought(providers, "Killed meanwhile"):
                await asyncio.sleep(0.05)
        await shop.supervisor.child("render").kill()
        async with asyncio.timeout(120):
            while (response := await mv.get(f"/get_video/{accepted.json()['id']}")).status_code in (202, 503):
                await asyncio.sleep(0.3)
    finally:
        providers.state.work_seconds = 0.5

    assert response.status_code == 200, response.text
    assert bought(providers, "Killed meanwhile") == 1


async def test_repeating_a_request_under_its_key_buys_once(mv, providers) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answers = await asyncio.gather(
        *(mv.post("/generate_video", json={"prompt": "Only once"}, headers=headers) for _ in range(3))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert bought(providers, "Only once") == 1


async def test_no_key_is_ever_logged(shop: Stack) -> None:
    for log in shop.state.logs.glob("*.log"):
        text = log.read_text("utf-8", "replace")
        assert "r8-of-a-test" not in text
        assert "key-of-a-test" not in text
    render = (shop.state.logs / "render.log").read_text("utf-8")
    assert "mv.debug.planned" in render
    assert "Character reference for a music video" in render
