"""`/api/mv` pictures and clips through the whole suite: made, served, joined, and finished whatever is interrupted."""

import asyncio
import base64
import io
import uuid
from collections.abc import AsyncIterator
from typing import Any

import av
import httpx
import pytest
import pytest_asyncio
from adreel_embedded.stack import Stack
from PIL import Image

Body = dict[str, Any]

IMAGE, VIDEO, MERGE = "/generate_character_reference", "/generate_video", "/merge_videos"
ERROR_FIELDS = {"error", "error_code", "message", "backend_used", "timestamp"}


@pytest_asyncio.fixture(loop_scope="session")
async def mv(suite: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{suite.base_url}/api/mv", timeout=300, trust_env=False) as client:
        yield client


async def made(mv: httpx.AsyncClient, route: str, body: Body) -> Body:
    response = await mv.post(route, json=body)
    assert response.status_code == 200, response.text
    answer: Body = response.json()
    return answer


async def until_made(mv: httpx.AsyncClient, video_id: str) -> bytes:
    """The bytes of a video once it is there; waits for services that are away."""
    async with asyncio.timeout(300):
        while True:
            try:
                response = await mv.get(f"/get_video/{video_id}")
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            if response.status_code == 200:
                return response.content
            assert response.status_code in (202, 503), response.text
            await asyncio.sleep(0.3)


def facts_of(film: bytes) -> Body:
    with av.open(io.BytesIO(film)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        frames = sum(1 for _ in container.decode(video))
        return {
            "size": (video.width, video.height),
            "seconds": frames / float(video.average_rate),
            "sound_seconds": float(audio.duration * audio.time_base),
        }


async def test_a_character_a_clip_of_it_and_a_film_of_clips(mv: httpx.AsyncClient) -> None:
    character = await made(mv, IMAGE, {"character_description": "A lighthouse keeper in a yellow oilskin", "seed": 4})
    picture = base64.b64decode(character["image_base64"])
    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.size) == ("PNG", (1024, 1024))
    assert (await mv.get(character["image_url"].removeprefix("/api/mv"))).content == picture
    assert not character["output_file"].startswith("/")
    assert character["metadata"]["backend_used"] == "local"

    common = {"resolution": "720p", "person_generation": "allow_adult"}
    named = await made(
        mv, VIDEO, {"prompt": "The keeper climbs the stairs", "duration": 3,
                    "reference_id": character["reference_id"], **common}
    )  # fmt: skip
    given = await made(
        mv, VIDEO, {"prompt": "Waves at night, aerial", "duration": 2, "generate_audio": False, "aspect_ratio": "9:16",
                    "reference_image_base64": character["image_base64"], **common}
    )  # fmt: skip
    assert named["metadata"]["parameters_not_applied"] == ["person_generation"]
    assert facts_of((await mv.get(f"/get_video/{named['video_id']}")).content) == {
        "size": (1280, 720), "seconds": 3, "sound_seconds": pytest.approx(3, abs=0.05)
    }  # fmt: skip

    film = await made(mv, MERGE, {"video_ids": [named["video_id"], given["video_id"]], "transition": "crossfade"})

    content = (await mv.get(f"/get_video/{film['video_id']}")).content
    assert facts_of(content) == {"size": (1280, 720), "seconds": 4.5, "sound_seconds": pytest.approx(4.5, abs=0.05)}
    head = await mv.head(f"/get_video/{film['video_id']}")
    assert int(head.headers["content-length"]) == len(content)
    part = await mv.get(f"/get_video/{film['video_id']}", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    info = (await mv.get(f"/get_video/{film['video_id']}/info")).json()
    assert (info["exists"], info["status"], info["file_size_bytes"]) == (True, "completed", len(content))


async def test_a_client_that_hangs_up_loses_nothing(mv: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"prompt": "A road that does not end", "duration": 12}
    with pytest.raises(httpx.ReadTimeout):
        await mv.post(VIDEO, json=body, headers=headers, timeout=0.3)

    again = await mv.post(VIDEO, json=body, headers=headers)

    assert again.status_code == 200, again.text
    assert facts_of(await until_made(mv, again.json()["video_id"]))["seconds"] == 12


@pytest.mark.parametrize("service", ["render", "gateway"])
async def test_a_clip_is_finished_although_a_service_is_killed_in_the_middle(
    suite: Stack, mv: httpx.AsyncClient, service: str
) -> None:
    child = suite.supervisor.child(service)
    body = {"prompt": f"Fog, and {service} is away", "duration": 20}
    accepted = await mv.post(VIDEO, json=body, headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202
    video_id = accepted.json()["id"]
    async with asyncio.timeout(120):
        while not (await mv.get(f"/get_video/{video_id}/info")).json()["progress"]:
            await asyncio.sleep(0.1)

    await child.kill()

    assert facts_of(await until_made(mv, video_id))["seconds"] == 20
    await child.until_ready()


async def test_two_films_ordered_under_one_key_at_once_are_one(mv: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"prompt": "Twice", "duration": 2, "resolution": "720p"}

    answers = await asyncio.gather(*(mv.post(VIDEO, json=body, headers=headers) for _ in range(4)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["video_id"] for answer in answers}) == 1


PICTURE_OF_NOTHING = base64.b64encode(b"no picture at all" * 20).decode()
# Every one of these went through the gateway, and most of them to the render service and its engine.
BAD: list[tuple[str, Body, int, str]] = [
    (IMAGE, {}, 400, "VALIDATION_ERROR"),
    (IMAGE, {"character_description": ""}, 400, "VALIDATION_ERROR"),
    (IMAGE, {"character_description": 5}, 400, "VALIDATION_ERROR"),
    (IMAGE, {"character_description": "x" * 10_001}, 400, "VALIDATION_ERROR"),
    (IMAGE, {"character_description": "a\u0000"}, 400, "VALIDATION_ERROR"),
    (IMAGE, {"character_description": "A", "aspect_ratio": "5:1"}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "aspect_ratio": "1:1; DROP"}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "output_format": "exe"}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "output_format": "../x"}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "safety_filter_level": "off"}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "person_generation": "everyone"}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "seed": -1}, 400, "VALIDATION_ERROR"),
    (IMAGE, {"character_description": "A", "seed": 2**40}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "seed": "one"}, 400, "VALIDATION_ERROR"),
    (IMAGE, {"character_description": "A", "backend": "dall-e"}, 400, "INVALID_PARAMETER"),
    (IMAGE, {"character_description": "A", "backend": "replicate"}, 500, "MISSING_API_KEY"),
    (IMAGE, {"character_description": "A", "backend": "gemini"}, 500, "MISSING_API_KEY"),
    (VIDEO, {}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": " "}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": {"text": "A"}}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": "A", "duration": 0}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "duration": 61}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "duration": -8}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "duration": 2**50}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "duration": 7.5}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": "A", "duration": "8 s"}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": "A", "aspect_ratio": "4:3"}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "resolution": "8k"}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "output_format": "gif"}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "generate_audio": "maybe"}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": "A", "person_generation": "none"}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "video_rules_template": "noir"}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "video_rules_template": "../../etc/passwd"}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "backend": "veo"}, 400, "INVALID_PARAMETER"),
    (VIDEO, {"prompt": "A", "backend": "replicate"}, 500, "MISSING_API_KEY"),
    (VIDEO, {"prompt": "A", "backend": "gemini"}, 500, "MISSING_API_KEY"),
    (VIDEO, {"prompt": "A", "reference_image_base64": "%%%"}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": "A", "reference_image_base64": "QUJ"}, 400, "VALIDATION_ERROR"),
    (VIDEO, {"prompt": "A", "reference_image_base64": PICTURE_OF_NOTHING}, 400, "INVALID_REFERENCE_IMAGE"),
    (VIDEO, {"prompt": "A", "reference_id": "nobody"}, 404, "NOT_FOUND"),
    (VIDEO, {"prompt": "A", "reference_id": str(uuid.UUID(int=5))}, 404, "NOT_FOUND"),
    (MERGE, {}, 400, "VALIDATION_ERROR"),
    (MERGE, {"video_ids": []}, 400, "INVALID_PARAMETER"),
    (MERGE, {"video_ids": [str(uuid.UUID(int=5))]}, 400, "INVALID_PARAMETER"),
    (MERGE, {"video_ids": [str(uuid.UUID(int=5))] * 21}, 400, "INVALID_PARAMETER"),
    (MERGE, {"video_ids": [str(uuid.UUID(int=5)), str(uuid.UUID(int=6))]}, 404, "NOT_FOUND"),
    (MERGE, {"video_ids": ["a", "b"]}, 404, "NOT_FOUND"),
    (MERGE, {"video_ids": ["a", "b"], "transition": "explode"}, 400, "INVALID_PARAMETER"),
    (MERGE, {"video_ids": ["a", "b"], "audio_asset_id": "a"}, 404, "NOT_FOUND"),
    (MERGE, {"video_ids": ["a", "b"], "audio_asset_id": str(uuid.UUID(int=5))}, 404, "ASSET_NOT_FOUND"),
    (MERGE, {"video_ids": "a,b"}, 400, "VALIDATION_ERROR"),
]  # fmt: skip


async def test_bad_input_gets_the_right_error_and_never_more_than_that(mv: httpx.AsyncClient) -> None:
    assert len(BAD) >= 40
    for route, body, status, code in BAD:
        response = await mv.post(route, json=body)
        assert response.status_code == status, (route, str(body)[:200], response.text)
        answer = response.json()
        assert set(answer) == ERROR_FIELDS
        assert answer["error_code"] == code, (route, str(body)[:200], answer)
        assert answer["message"]
        assert (answer["backend_used"] is not None) == (code == "MISSING_API_KEY")


async def test_results_lie_below_the_output_root(mv: httpx.AsyncClient, suite: Stack) -> None:
    character = await made(mv, IMAGE, {"character_description": "A tailor"})

    written = suite.state.files / "mv" / character["output_file"]

    assert written.read_bytes() == base64.b64decode(character["image_base64"])
