"""Pictures and clips that a provider makes: ordered once under the task's name, waited for without holding a lane."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from adreel.render.v1 import music_video_pb2 as pb
from adreel_kit.errors import AppError
from adreel_kit.worker import GiveUp, NotYet
from adreel_render.domain.errors import (
    BackendUnavailable,
    ContentPolicyViolation,
    ProviderOutcomeUnknown,
    ProviderOutputLost,
    ProviderRejected,
    ProviderTimeout,
    QuotaExceeded,
)
from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import Purchase, PurchaseState, StoredOutput

SOON = timedelta(milliseconds=50)


async def bought(studio: Any, content: bytes, content_type: str, **inputs: Any) -> Purchase:
    """A purchase whose output is in the store."""
    path = studio.root / "bought"
    path.write_bytes(content)
    ref = await studio.blobs.put_file(path)
    path.unlink()
    line = CostLine(kind="video", description="", provider="replicate", quantity=8, unit="second",
                    amount_micros=3_200_000, state="actual")  # fmt: skip
    return Purchase(
        id=uuid.uuid4(),
        state=PurchaseState.SUCCEEDED,
        provider="replicate",
        model="google/veo-3.1",
        provider_id="abc",
        inputs=inputs,
        output=StoredOutput(ref.sha256, ref.size_bytes, content_type),
        cost_lines=(line,),
        error=None,
    )


@pytest.fixture
async def shop_studio(open_studio):
    async with open_studio(keys=("replicate", "gemini")) as studio:
        yield studio


async def test_a_clip_is_bought_under_the_tasks_name_and_waited_for(shop_studio) -> None:
    studio = shop_studio
    studio.shop.steps = [NotYet(SOON), NotYet(SOON), await bought(studio, b"film", "video/mp4", seed=77)]
    order = pb.MvVideoOrder(prompt="A storm", negative_prompt="people", person_generation="allow_adult", duration=6)

    task = await studio.made(video=order)

    assert task.state == pb.MV_TASK_STATE_COMPLETED
    assert len(studio.shop.orders) == 3
    assert len({repr(wanted) for wanted in studio.shop.orders}) == 1
    wanted = studio.shop.orders[0]
    assert wanted.work_key == wanted.subject == f"mv/{task.id}"
    assert (wanted.medium, wanted.provider, wanted.model) == ("video", "replicate", "google/veo-3.1")
    assert wanted.inputs == {
        "prompt": "A storm",
        "negative_prompt": "people",
        "duration": 6,
        "aspect_ratio": "16:9",
        "resolution": "1080p",
        "generate_audio": True,
    }
    assert wanted.estimate.amount_micros == 6 * 400_000
    assert await studio.read(task.id) == b"film"
    metadata = dict(task.metadata)
    assert metadata["backend_used"] == "replicate"
    assert metadata["model_used"] == "google/veo-3.1"
    assert dict(metadata["parameters_used"])["seed"] == 77
    assert list(metadata["parameters_not_applied"]) == ["person_generation"]
    async with studio.database.connection() as conn:
        assert await conn.fetchval("SELECT cost_micros FROM mv_tasks") == 3_200_000
        assert await conn.fetchval("SELECT attempt FROM work_items") == 1


async def test_a_picture_is_bought_with_what_its_model_takes_alone(shop_studio) -> None:
    studio = shop_studio
    studio.shop.steps = [await bought(studio, b"\xff\xd8jpeg", "image/jpeg")] * 2

    imagen = await studio.made(
        image=pb.MvImageOrder(character_description="A clown", seed=4, negative_prompt="hat", output_format="jpg")
    )
    gemini = await studio.made(
        image=pb.MvImageOrder(
            character_description="A clown", backend="gemini", aspect_ratio="3:4", output_format="png"
        )
    )

    first, second = studio.shop.orders
    assert {k: v for k, v in first.inputs.items() if k != "prompt"} == {
        "aspect_ratio": "1:1",
        "safety_filter_level": "block_medium_and_above",
        "output_format": "jpg",
    }
    assert "A clown" in first.inputs["prompt"]
    assert list(imagen.metadata["parameters_not_applied"]) == ["negative_prompt", "seed"]
    assert set(second.inputs) == {"prompt", "aspect_ratio"}
    assert list(gemini.metadata["parameters_not_applied"]) == ["output_format"]
    assert gemini.path.endswith(".jpg")  # what it is, not what was asked for


@pytest.mark.parametrize(
    ("fields", "use"),
    [
        ({"aspect_ratio": "16:9", "duration": 8}, "subject"),
        ({"aspect_ratio": "9:16", "duration": 8}, "first_frame"),
        ({"aspect_ratio": "16:9", "duration": 6}, "first_frame"),
        ({"aspect_ratio": "16:9", "duration": 8, "backend": "gemini"}, "first_frame"),
    ],
)
async def test_a_reference_is_a_subject_where_the_model_takes_one(shop_studio, fields, use: str) -> None:
    studio = shop_studio
    reference = pb.KeptPicture(sha256="a" * 64, size_bytes=10, content_type="image/png")
    studio.shop.steps = [await bought(studio, b"film", "video/mp4")]

    await studio.made(video=pb.MvVideoOrder(prompt="He sings", reference=reference, **fields))

    picture = studio.shop.orders[0].reference
    assert picture is not None
    assert (picture.sha256, picture.use) == ("a" * 64, use)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (ContentPolicyViolation("no"), "CONTENT_POLICY_VIOLATION", 422),
        (ProviderRejected("no"), "PROVIDER_ERROR", 500),
        (ProviderOutputLost("no"), "PROVIDER_OUTPUT_LOST", 500),
        (ProviderOutcomeUnknown("no"), "PROVIDER_OUTCOME_UNKNOWN", 409),
        (BackendUnavailable("no"), "BACKEND_UNAVAILABLE", 503),
        (ProviderTimeout("no"), "PROVIDER_TIMEOUT", 504),
        (QuotaExceeded("no"), "QUOTA_EXCEEDED", 402),
    ],
)
async def test_a_final_no_ends_the_task_with_its_reason(shop_studio, error: AppError, code: str, status: int) -> None:
    studio = shop_studio
    studio.shop.steps = [GiveUp(error)]

    task = await studio.made(video=pb.MvVideoOrder(prompt="A storm"))

    assert task.state == pb.MV_TASK_STATE_FAILED
    assert (task.error.code, task.error.http_status, task.backend) == (code, status, "replicate")
    assert len(studio.shop.orders) == 1


async def test_tasks_that_wait_for_a_provider_do_not_hold_up_those_drawn_here(shop_studio) -> None:
    studio = shop_studio
    studio.shop.steps = [NotYet(timedelta(seconds=30))] * 6
    waiting = [await studio.create(video=pb.MvVideoOrder(prompt=f"Storm {n}")) for n in range(6)]

    async with asyncio.timeout(30):
        drawn = await studio.made(image=pb.MvImageOrder(character_description="Quick", backend="local"))

    assert drawn.state == pb.MV_TASK_STATE_COMPLETED
    states = {(await studio.get(task.id)).state for task in waiting}
    assert states == {pb.MV_TASK_STATE_RUNNING}
