"""From an approved storyboard to a film that is kept and announced, whatever happens on the way."""

import asyncio
import os
import signal
import uuid
from pathlib import Path

import av
import psutil
import pytest
from adreel_kit.blobs.port import BlobRef
from adreel_render.domain.errors import PreviewNotReady
from adreel_render.usecases.ensure_preview import EnsurePreview
from adreel_render.usecases.select_take import SelectTake
from engine_children import engine_children

pytestmark = [pytest.mark.connected, pytest.mark.slow]

RED, GREEN, BLUE = (190, 40, 40), (40, 150, 60), (40, 60, 180)


async def film_of(render, job_id) -> Path:
    row = await render.queries.media(str(job_id), "video")
    return render.blobs.local_path(BlobRef(row.sha256, row.size_bytes))


async def no_work_goes_on() -> None:
    """Returns once no engine child uses the processor; one that had ended its task before stays, warm and idle."""
    async with asyncio.timeout(60):
        spent = -1.0
        while spent != (spent := sum(cpu_seconds(child) for child in engine_children())):
            await asyncio.sleep(0.5)


def cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


async def until(condition, seconds: float = 60.0):
    async with asyncio.timeout(seconds):
        while not (value := condition()):
            await asyncio.sleep(0.02)
    return value


async def test_a_storyboard_becomes_a_film_with_poster_and_captions(render, a_picture, a_request):
    job_id = uuid.uuid4()
    request = a_request(job_id, [a_picture(RED), a_picture(GREEN), a_picture(BLUE)])
    await render.receive("render.requested.v1", job_id, request)
    await render.receive("render.requested.v1", job_id, request)  # a duplicate orders nothing twice
    (done,) = await render.until_published("render.completed.v1")
    assert done["render_id"] == request["render_id"]
    assert done["duration_seconds"] == 5.0
    clips = await render.published("clip.ready.v1")
    assert sorted(clip["scene_number"] for clip in clips) == [1, 2, 3]
    with av.open(str(await film_of(render, job_id))) as film:
        video = film.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video)]
        assert (video.width, video.height, len(frames)) == (1280, 720, 120)
        assert [stream.codec_context.name for stream in film.streams.audio] == ["aac"]
    # Well inside each scene and away from its words, the picture's own colour rules.
    for index, channel in ((12, 0), (60, 1)):
        means = frames[index][80:240, 880:1200].reshape(-1, 3).mean(axis=0)
        assert means.argmax() == channel
    captions = await render.queries.media(str(job_id), "captions")
    text = b"".join([piece async for piece in render.blobs.read(BlobRef(captions.sha256, captions.size_bytes))])
    assert text.startswith(b"WEBVTT")
    assert b"See the first thing." in text
    assert (await render.queries.media(str(job_id), "poster")).content_type == "image/jpeg"


async def test_progress_only_rises_and_belongs_to_its_render(render, a_picture, a_request):
    job_id = uuid.uuid4()
    await render.receive("render.requested.v1", job_id, a_request(job_id, [a_picture(RED)]))
    await render.until_published("render.completed.v1")
    told = await render.published("render.progressed.v1")
    assert [p["sequence"] for p in told] == sorted({p["sequence"] for p in told})
    percents = [p["percent"] for p in told]
    assert percents == sorted(percents)
    assert all(0 <= percent <= 100 for percent in percents)


async def test_one_changed_scene_draws_one_clip_and_the_rest_is_reused(render, a_picture, a_request):
    job_id = uuid.uuid4()
    digests = [a_picture(RED), a_picture(GREEN), a_picture(BLUE)]
    first = a_request(job_id, digests)
    await render.receive("render.requested.v1", job_id, first)
    await render.until_published("render.completed.v1", first["render_id"])
    second = a_request(job_id, digests, scripts=["See the first thing.", "Now something else.", "Buy now."])
    await render.receive("render.requested.v1", job_id, second)
    await render.until_published("render.completed.v1", second["render_id"])
    clips = {c["scene_number"]: c["is_reused"] for c in await render.published("clip.ready.v1", second["render_id"])}
    assert clips == {1: True, 2: False, 3: True}
    takes = await render.queries.takes(str(job_id), 2)
    assert [take["is_selected"] for take in takes] == [True, False]


async def test_cancelling_ends_the_engine_and_nothing_comes_of_it(render, a_picture, a_request):
    job_id = uuid.uuid4()
    await render.receive("render.requested.v1", job_id, a_request(job_id, [a_picture(RED)]))
    await until(engine_children)
    await render.receive("job.cancelled.v1", job_id, {"job_id": str(job_id), "version": 3})
    await no_work_goes_on()
    async with render.database.connection() as conn:
        assert await conn.fetchval("SELECT state FROM renders") == "cancelled"
    assert await render.published("render.completed.v1") == []
    assert await render.published("render.failed.v1") == []


async def test_an_engine_that_is_killed_is_replaced_and_the_film_is_made(render, a_picture, a_request):
    job_id = uuid.uuid4()
    await render.receive("render.requested.v1", job_id, a_request(job_id, [a_picture(RED), a_picture(GREEN)]))
    for child in await until(engine_children):
        os.kill(child.pid, signal.SIGKILL)
    await render.until_published("render.completed.v1")


async def test_a_picture_that_cannot_be_drawn_is_left_out(render, a_picture, a_request):
    job_id = uuid.uuid4()
    broken = render.assets.add(b"\x89PNG\r\n\x1a\nand nothing more")
    await render.receive("render.requested.v1", job_id, a_request(job_id, [a_picture(RED), broken]))
    await render.until_published("render.completed.v1")


async def test_a_clip_whose_bytes_went_bad_is_drawn_again(render, a_picture, a_request):
    job_id = uuid.uuid4()
    first = a_request(job_id, [a_picture(RED)])
    await render.receive("render.requested.v1", job_id, first)
    await render.until_published("render.completed.v1", first["render_id"])
    async with render.database.connection() as conn:
        row = await conn.fetchrow(
            "SELECT c.sha256, c.size_bytes FROM takes t JOIN clips c ON c.key = t.clip_key WHERE t.scene_number = 2"
        )
    path = render.blobs.local_path(BlobRef(row["sha256"], row["size_bytes"]))
    path.chmod(0o600)
    path.write_bytes(b"\0" * row["size_bytes"])
    # Another film of the same scenes, whose transition windows are not cached.
    second = a_request(job_id, [a_picture(RED)])
    second["scenes"][2]["transition"] = "wipe"
    await render.receive("render.requested.v1", job_id, second)
    await render.until_published("render.completed.v1", second["render_id"])


async def test_a_render_of_a_canvas_that_cannot_be_made_fails_with_a_reason(render, a_picture, a_request):
    job_id = uuid.uuid4()
    request = a_request(job_id, [a_picture(RED)])
    request["video"]["aspect_ratio"] = "7:3"
    await render.receive("render.requested.v1", job_id, request)
    (failed,) = await render.until_published("render.failed.v1")
    assert failed["error"]["code"] == "SCENE_UNRENDERABLE"


async def test_a_preview_is_drawn_when_asked_for_and_again_only_where_the_storyboard_changed(
    render, a_picture, a_request
):
    job_id = uuid.uuid4()
    preview = EnsurePreview(render.database)
    digests = [a_picture(RED), a_picture(GREEN), a_picture(BLUE)]
    request = a_request(job_id, digests)

    async def drawn(data):
        async with asyncio.timeout(120):
            while True:
                try:
                    return await preview.ensure(data)
                except PreviewNotReady:
                    await asyncio.sleep(0.1)

    first = await drawn(request)
    assert (first.width_px, first.height_px) == (640, 360)
    assert await drawn(request | {"render_id": str(uuid.uuid4())}) == first, "asking again draws nothing"
    changed = a_request(job_id, digests, scripts=["See the first thing.", "Now something else.", "Buy now."])
    second = await drawn(changed)
    assert second.sha256 != first.sha256
    async with render.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM clips") == 4
        assert await conn.fetchval("SELECT count(*) FROM takes") == 0
    assert await render.published("render.completed.v1") == []
    assert await render.published("render.progressed.v1") == []


async def test_another_take_is_chosen_and_only_the_joins_are_made_again(render, a_picture, a_request):
    job_id = uuid.uuid4()
    digests = [a_picture(RED), a_picture(GREEN), a_picture(BLUE)]
    first = a_request(job_id, digests)
    await render.receive("render.requested.v1", job_id, first)
    await render.until_published("render.completed.v1", first["render_id"])
    second = a_request(job_id, digests, scripts=["See the first thing.", "Now something else.", "Buy now."])
    await render.receive("render.requested.v1", job_id, second)
    await render.until_published("render.completed.v1", second["render_id"])
    shown = (await render.queries.media(str(job_id), "video")).sha256
    older = next(take for take in await render.queries.takes(str(job_id), 2) if not take["is_selected"])
    await SelectTake(render.database).select(str(job_id), 2, str(older["id"]))
    await render.until_published("render.completed.v1", count=3)
    takes = await render.queries.takes(str(job_id), 2)
    assert [take["id"] for take in takes if take["is_selected"]] == [older["id"]]
    assert (await render.queries.media(str(job_id), "video")).sha256 != shown
    async with render.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM clips") == 4


async def test_a_chosen_take_stays_while_its_scene_is_as_it_was(render, a_picture, a_request):
    job_id = uuid.uuid4()
    digests = [a_picture(RED), a_picture(GREEN), a_picture(BLUE)]

    async def film(*scripts):
        data = a_request(job_id, digests, scripts=list(scripts))
        await render.receive("render.requested.v1", job_id, data)
        await render.until_published("render.completed.v1", data["render_id"])
        return data["render_id"]

    async def own(number, render_id):
        async with render.database.connection() as conn:
            return await conn.fetchval(
                "SELECT t.is_selected FROM takes t JOIN render_scenes s ON s.clip_key = t.clip_key "
                "WHERE s.render_id = $1 AND s.scene_number = $2 AND t.job_id = $3",
                uuid.UUID(render_id), number, job_id,
            ), await conn.fetchval("SELECT clip_key FROM render_scenes WHERE render_id = $1 AND scene_number = $2",
                                   uuid.UUID(render_id), number)  # fmt: skip

    first = await film("One.", "Old words.", "Buy now.")
    await film("One.", "New words.", "Buy now.")
    older = next(take for take in await render.queries.takes(str(job_id), 2) if not take["is_selected"])
    await SelectTake(render.database).select(str(job_id), 2, str(older["id"]))
    await render.until_published("render.completed.v1", count=3)

    third = await film("Another one.", "New words.", "Buy now.")
    assert await own(2, third) == (True, (await own(2, first))[1]), "the scene is as it was when the take was chosen"
    fourth = await film("Another one.", "Newest words.", "Buy now.")
    assert (await own(2, fourth))[1] not in {(await own(2, first))[1], (await own(2, third))[1]}
    assert [take["is_selected"] for take in await render.queries.takes(str(job_id), 2)] == [True, False, False]
