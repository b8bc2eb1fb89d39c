"""From a request by event to a storyboard that is kept and announced."""

import asyncio
import uuid

import pytest
from adreel_kit.errors import Unavailable
from adreel_scenes.adapters.template.writer import TemplateWriter
from adreel_scenes.domain.ports import Picture
from adreel_scenes.domain.scene import SceneEdit
from adreel_scenes.domain.usage import UNKNOWN_CALL, Usage
from adreel_scenes.domain.writer_errors import (
    ContentPolicyViolation,
    ModelOutputInvalid,
    ModelOutputTruncated,
    ProviderQuota,
    ProviderTimeout,
    ProviderUnavailable,
)

pytestmark = pytest.mark.connected


async def test_a_storyboard_is_written_kept_and_announced(scenes, a_request):
    job_id = uuid.uuid4()
    request = a_request(job_id)
    await scenes.receive("storyboard.requested.v1", job_id, request)
    (ready,) = await scenes.until_published("storyboard.ready.v1")
    board = await scenes.edit.get(str(job_id))
    assert ready["request_id"] == request["request_id"]
    assert ready["version"] == board.version == 1
    assert 3 <= ready["scene_count"] == len(board.scenes) <= 7
    assert ready["duration_seconds"] == board.duration_seconds == 30.0
    assert ready["generator"] == "template"
    assert {scene.prompt_version for scene in board.scenes} == {"template.v2"}
    assert ready["changed_scenes"] == list(range(1, len(board.scenes) + 1))
    shown = {asset for scene in board.scenes for asset in scene.content.asset_ids}
    assert shown == {asset["asset_id"] for asset in request["assets"]}


async def test_a_repeated_request_writes_nothing_twice(scenes, a_request):
    job_id = uuid.uuid4()
    request = a_request(job_id)
    for _ in range(3):
        await scenes.receive("storyboard.requested.v1", job_id, request)
    await scenes.until_published("storyboard.ready.v1")
    await asyncio.sleep(0.3)
    assert len(await scenes.published("storyboard.ready.v1")) == 1


async def test_one_scene_is_rewritten_and_the_others_keep_their_text_and_the_total_holds(scenes, a_request, written):
    before = await scenes.edit.get(str(written))
    await scenes.receive(
        "storyboard.requested.v1",
        written,
        a_request(written, mode="scene", scene_number=2, feedback="Calmer, a close-up please"),
    )
    _, ready = await scenes.until_published("storyboard.ready.v1", 2)
    after = await scenes.edit.get(str(written))
    assert 2 in ready["changed_scenes"]
    assert after.version == 2
    assert after.duration_ms == before.duration_ms
    assert after.scene(2).content.script != before.scene(2).content.script
    assert after.scene(2).prompt_version == "template.v2"
    for number in {scene.number for scene in before.scenes} - {2}:
        assert after.scene(number).content.script == before.scene(number).content.script
        assert after.scene(number).content.description == before.scene(number).content.description
    assert after.feedback == before.feedback == ()
    (was,) = [r for r in await scenes.edit.revisions(str(written), 2) if r.revision == before.scene(2).revision]
    assert was.content.script == before.scene(2).content.script
    assert was.cause == "regenerate"


async def test_all_scenes_anew_remember_the_feedback(scenes, a_request, written):
    before = await scenes.edit.get(str(written))
    await scenes.receive(
        "storyboard.requested.v1", written, a_request(written, mode="all", feedback="Slower and more premium")
    )
    await scenes.until_published("storyboard.ready.v1", 2)
    after = await scenes.edit.get(str(written))
    assert after.feedback == ("Slower and more premium",)
    history = ["Slower and more premium", "Shorter words"]
    again = a_request(written, mode="all", feedback=history[-1], feedback_history=history)
    await scenes.receive("storyboard.requested.v1", written, again)
    await scenes.until_published("storyboard.ready.v1", 3)
    assert (await scenes.edit.get(str(written))).feedback == tuple(history)
    assert [s.content.script for s in after.scenes] != [s.content.script for s in before.scenes]


class Refusing(TemplateWriter):
    async def write(self, request):
        raise ContentPolicyViolation("The model refused.", provider="stand-in")


@pytest.mark.parametrize("writer", [Refusing()], indirect=False)
async def test_a_refusal_is_final_and_told(scenes, a_request, writer):
    job_id = uuid.uuid4()
    request = a_request(job_id)
    await scenes.receive("storyboard.requested.v1", job_id, request)
    (failed,) = await scenes.until_published("storyboard.failed.v1")
    assert failed["request_id"] == request["request_id"]
    assert failed["error"]["code"] == "CONTENT_POLICY_VIOLATION"
    assert await scenes.edit.get(str(job_id)) is None


class FailingOnRewrite(TemplateWriter):
    async def rewrite_scene(self, request):
        raise ContentPolicyViolation("The model refused.", provider="stand-in")


@pytest.mark.parametrize("writer", [FailingOnRewrite()], indirect=False)
async def test_a_rewrite_that_fails_loses_no_storyboard_and_leaves_it_editable(scenes, a_request, written, writer):
    before = await scenes.edit.get(str(written))
    await scenes.receive(
        "storyboard.requested.v1", written, a_request(written, mode="scene", scene_number=1, feedback="x")
    )
    await scenes.until_published("storyboard.failed.v1")
    assert await scenes.edit.get(str(written)) == before
    await scenes.edit.edit_scene(
        str(written), 1, SceneEdit(script="Made by hand."), rebalance=False, if_revision=None, actor="user"
    )


class OnceAway(TemplateWriter):
    def __init__(self):
        self.calls = 0

    async def write(self, request):
        self.calls += 1
        if self.calls == 1:
            raise Unavailable("the model's service is away")
        return await super().write(request)


@pytest.mark.parametrize("writer", [OnceAway()], indirect=False)
async def test_a_passing_trouble_of_the_model_is_tried_again(scenes, a_request, writer):
    job_id = uuid.uuid4()
    await scenes.receive("storyboard.requested.v1", job_id, a_request(job_id))
    await scenes.until_published("storyboard.ready.v1")
    assert writer.calls == 2


class Slow(TemplateWriter):
    async def write(self, request):
        await asyncio.sleep(60)
        return await super().write(request)


@pytest.mark.parametrize("writer", [Slow()], indirect=False)
async def test_cancelling_the_job_stops_the_writing(scenes, a_request, writer):
    job_id = uuid.uuid4()
    await scenes.receive("storyboard.requested.v1", job_id, a_request(job_id))
    await scenes.receive("job.cancelled.v1", job_id, {"job_id": str(job_id), "version": 2})
    async with scenes.database.connection() as conn:
        assert await conn.fetchval("SELECT state FROM work_items") == "cancelled"
    await asyncio.sleep(0.3)
    assert await scenes.published("storyboard.ready.v1") == []
    assert await scenes.published("storyboard.failed.v1") == []


class Costly(TemplateWriter):
    """Fails once after using tokens, then writes."""

    def __init__(self, error):
        self.error = error
        self.calls = 0

    async def write(self, request):
        self.calls += 1
        if self.calls == 1:
            raise self.error
        return await super().write(request)


USED = Usage(calls=1, input_tokens=1_000_000, output_tokens=0)


@pytest.mark.parametrize(
    "writer", [Costly(ProviderUnavailable("Overloaded.", provider="openai", usage=USED))], indirect=False
)
async def test_what_a_failed_attempt_used_is_on_the_bill_of_the_one_that_worked(scenes, a_request, writer):
    job_id = uuid.uuid4()
    await scenes.receive("storyboard.requested.v1", job_id, a_request(job_id))
    (ready,) = await scenes.until_published("storyboard.ready.v1")
    assert writer.calls == 2
    (line,) = ready["cost_lines"]
    assert (line["provider"], line["model"], line["amount_micros"]) == ("openai", "gpt-6-luna", 100_000)


@pytest.mark.parametrize(
    "writer",
    [
        Costly(error("No use.", provider="openai", usage=USED))
        for error in (ProviderQuota, ModelOutputInvalid, ModelOutputTruncated)
    ],
    indirect=False,
)
async def test_an_error_that_no_repeat_can_mend_is_given_up_at_once_and_billed(scenes, a_request, writer):
    job_id = uuid.uuid4()
    await scenes.receive("storyboard.requested.v1", job_id, a_request(job_id))
    (failed,) = await scenes.until_published("storyboard.failed.v1")
    assert writer.calls == 1
    assert failed["error"]["code"] == writer.error.code
    assert [line["amount_micros"] for line in failed["cost_lines"]] == [100_000]


class Hanging(TemplateWriter):
    def __init__(self):
        self.calls = 0

    async def write(self, request):
        self.calls += 1
        raise ProviderTimeout("Nothing came.", provider="openai", usage=UNKNOWN_CALL)


@pytest.mark.parametrize("writer", [Hanging()], indirect=False)
async def test_a_model_that_hangs_is_asked_twice_and_no_more(scenes, a_request, writer):
    job_id = uuid.uuid4()
    await scenes.receive("storyboard.requested.v1", job_id, a_request(job_id))
    (failed,) = await scenes.until_published("storyboard.failed.v1")
    assert failed["error"]["code"] == "PROVIDER_TIMEOUT"
    assert writer.calls == 2
    assert [line["state"] for line in failed["cost_lines"]] == ["unknown", "unknown"]


class Looking(TemplateWriter):
    """Remembers which pictures it was shown."""

    def __init__(self):
        self.shown = []

    async def write(self, request):
        self.shown.append([picture.asset_id for picture in request.pictures])
        return await super().write(request)

    async def rewrite_scene(self, request):
        self.shown.append([picture.asset_id for picture in request.pictures])
        return await super().rewrite_scene(request)


class Album:
    """Pictures of whatever is asked for."""

    async def pictures(self, asset_ids):
        return tuple(Picture(asset_id, b"x", "image/jpeg") for asset_id in asset_ids)


@pytest.mark.parametrize(("writer", "pictures"), [(Looking(), Album())], indirect=False)
async def test_writers_are_shown_what_can_be_seen_the_hero_first(scenes, a_request, writer, pictures):
    job_id = uuid.uuid4()
    request = a_request(job_id)
    first, second, third = request["assets"]
    heard = {**first, "asset_id": str(uuid.UUID(int=9)), "type": "audio", "role": None}
    assets = [{**first, "role": None}, second, heard, {**third, "role": "hero"}]
    await scenes.receive("storyboard.requested.v1", job_id, request | {"assets": assets})
    await scenes.until_published("storyboard.ready.v1")
    again = a_request(job_id, mode="scene", scene_number=1, assets=assets)
    await scenes.receive("storyboard.requested.v1", job_id, again)
    await scenes.until_published("storyboard.ready.v1", 2)
    assert writer.shown == [[third["asset_id"], first["asset_id"], second["asset_id"]]] * 2


class KilledOnce(TemplateWriter):
    """The first call never comes back: its process was killed."""

    def __init__(self):
        self.calls = 0

    async def write(self, request):
        self.calls += 1
        if self.calls == 1:
            raise asyncio.CancelledError
        return await super().write(request)


@pytest.mark.parametrize("writer", [KilledOnce()], indirect=False)
async def test_a_call_whose_end_nobody_saw_is_on_the_bill_as_one_of_unknown_cost(scenes, a_request, writer):
    job_id = uuid.uuid4()
    await scenes.receive("storyboard.requested.v1", job_id, a_request(job_id))
    async with asyncio.timeout(20):
        while writer.calls == 0:
            await asyncio.sleep(0.02)
    # Another worker takes over once the lease has run out.
    async with scenes.database.connection() as conn:
        await conn.execute("UPDATE work_items SET lease_until = now() - interval '1 second' WHERE state = 'leased'")
    (ready,) = await scenes.until_published("storyboard.ready.v1")
    assert [(line["state"], line["amount_micros"]) for line in ready["cost_lines"]] == [("unknown", 0)]
