"""Pictures and clips that are drawn here: what comes out is what was asked for, in the blob store and as a file."""

import asyncio
import io
import re
from typing import Any

import av
import numpy as np
import pytest
from adreel.render.v1 import music_video_pb2 as pb
from adreel_kit.errors import RemoteError
from PIL import Image


async def film_of(studio: Any, task: pb.MvTask) -> dict[str, Any]:
    """What a task's film holds: size, frames, seconds, some frames as RGB, the loudest sample."""
    with av.open(io.BytesIO(await studio.read(task.id))) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        facts = {
            "size": (video.width, video.height),
            "fps": float(video.average_rate),
            "frames": [],
            "peak": 0.0,
            "sound_seconds": float(audio.duration * audio.time_base),
        }
        for frame in container.decode(video, audio):
            if isinstance(frame, av.VideoFrame):
                facts["frames"].append(frame.to_ndarray(format="rgb24"))
            else:
                facts["peak"] = max(facts["peak"], float(np.abs(frame.to_ndarray()).max()))
    return facts


def picture_of(colour: tuple[int, int, int], size: tuple[int, int] = (400, 400)) -> bytes:
    noise = np.random.default_rng(1).integers(-8, 8, (size[1], size[0], 1))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(colour) + noise, 0, 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


async def test_a_picture_is_drawn_in_the_form_asked_for_and_put_below_the_output_root(studio) -> None:
    order = pb.MvImageOrder(
        character_description="A singer in a teal coat", aspect_ratio="9:16", output_format="jpeg", seed=3
    )

    task = await studio.made(image=order)

    assert task.state == pb.MV_TASK_STATE_COMPLETED
    assert re.fullmatch(r"character_reference/character_ref_\d{8}_\d{6}\.jpg", task.path)
    content = await studio.read(task.id)
    assert (studio.root / task.path).read_bytes() == content
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("JPEG", (768, 1408))
    metadata = dict(task.metadata)
    assert metadata["character_description"] == "A singer in a teal coat"
    assert metadata["backend_used"] == metadata["model_used"] == "local"
    assert dict(metadata["parameters_used"]) == {"aspect_ratio": "9:16", "output_format": "jpg", "seed": 3}


async def test_pictures_of_the_same_second_have_names_of_their_own(studio) -> None:
    tasks = await asyncio.gather(
        *(studio.made(image=pb.MvImageOrder(character_description=f"Singer {n}", seed=n)) for n in range(4))
    )

    assert len({task.path for task in tasks}) == 4
    assert all((studio.root / task.path).is_file() for task in tasks)


@pytest.mark.parametrize(
    ("ratio", "resolution", "size"),
    [("16:9", "720p", (1280, 720)), ("9:16", "720p", (720, 1280)), ("1:1", "1080p", (1080, 1080))],
)
async def test_a_clip_has_the_size_length_and_sound_track_asked_for(studio, ratio, resolution, size) -> None:
    order = pb.MvVideoOrder(prompt="Rain on a window", duration=2, aspect_ratio=ratio, resolution=resolution)

    task = await studio.made(video=order)

    assert task.path == f"videos/{task.id}.mp4"
    film = await film_of(studio, task)
    assert film["size"] == size
    assert (len(film["frames"]), film["fps"]) == (48, 24)
    assert film["sound_seconds"] == pytest.approx(2, abs=0.05)
    assert film["peak"] > 0.05


async def test_a_clip_without_sound_has_a_silent_track(studio) -> None:
    order = pb.MvVideoOrder(prompt="Rain", duration=1, resolution="720p", generate_audio=False)

    film = await film_of(studio, await studio.made(video=order))

    assert film["peak"] < 1e-4
    assert film["sound_seconds"] == pytest.approx(1, abs=0.05)


async def test_the_same_seed_gives_the_same_pictures_and_another_one_others(studio) -> None:
    def order(seed: int) -> pb.MvVideoOrder:
        return pb.MvVideoOrder(prompt="A night drive", duration=1, resolution="720p", seed=seed)

    first, again, other = [await film_of(studio, await studio.made(video=order(seed))) for seed in (5, 5, 6)]

    def distance(a: dict, b: dict) -> float:
        pairs = zip(a["frames"][::6], b["frames"][::6], strict=True)
        return max(float(np.abs(x.astype(int) - y).mean()) for x, y in pairs)

    assert distance(first, again) < 0.5
    assert distance(first, other) > 3


async def test_a_clip_shows_its_reference_whether_named_or_given(studio) -> None:
    drawn = await studio.made(image=pb.MvImageOrder(character_description="A dancer in magenta", seed=1))
    given = await studio.keep(picture_of((230, 20, 210)))
    common = {"prompt": "She turns", "duration": 1, "resolution": "720p"}

    by_picture = await film_of(studio, await studio.made(video=pb.MvVideoOrder(reference=given, **common)))
    by_id_task = await studio.made(video=pb.MvVideoOrder(reference_id=drawn.id, **common))

    frame = by_picture["frames"][12].astype(int)
    is_magenta = (frame[..., 0] > 180) & (frame[..., 1] < 90) & (frame[..., 2] > 150)
    assert 0.1 < is_magenta.mean() < 0.6  # on a card beside the words, not blown up over the whole picture
    assert dict(by_id_task.metadata["parameters_used"])["reference_image"] is True
    assert (await film_of(studio, by_id_task))["frames"]


async def test_progress_rises_and_the_answer_is_held_until_the_end(studio) -> None:
    task = await studio.create(video=pb.MvVideoOrder(prompt="A long road", duration=12))
    seen = []
    async with asyncio.timeout(120):
        while True:
            task = await studio.get(task.id, wait_seconds=0.4)
            seen.append(task.progress)
            if task.state == pb.MV_TASK_STATE_COMPLETED:
                break

    assert seen == sorted(seen)
    assert any(0 < share < 1 for share in seen)
    assert seen[-1] == 1


async def test_an_engine_that_dies_in_the_middle_costs_a_second_attempt_and_no_more(studio) -> None:
    task = await studio.create(video=pb.MvVideoOrder(prompt="Fog", duration=10, resolution="720p"))
    async with asyncio.timeout(60):
        while (await studio.get(task.id)).progress == 0:
            await asyncio.sleep(0.05)
    await studio.pool.aclose()  # kills the children

    async with asyncio.timeout(120):
        while (task := await studio.get(task.id, wait_seconds=20)).state != pb.MV_TASK_STATE_COMPLETED:
            assert task.state != pb.MV_TASK_STATE_FAILED, task.error

    assert len((await film_of(studio, task))["frames"]) == 240


async def test_ordering_twice_under_one_id_makes_one_task(studio) -> None:
    order = pb.MvVideoOrder(prompt="Twice", duration=1, resolution="720p")
    task_id = "01a1fce3-3c95-7468-a3eb-bab14220ed23"

    answers = await asyncio.gather(*(studio.create(task_id=task_id, video=order) for _ in range(5)))

    assert {answer.id for answer in answers} == {task_id}
    done = await studio.made(task_id=task_id, video=pb.MvVideoOrder(prompt="Another"))
    assert done.metadata["prompt"] == "Twice"
    async with studio.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM work_items") == 1
        assert await conn.fetchval("SELECT count(*) FROM mv_tasks") == 1


async def test_ranges_of_the_bytes_can_be_read(studio) -> None:
    task = await studio.made(image=pb.MvImageOrder(character_description="Someone"))

    whole = await studio.read(task.id)

    assert len(whole) == task.media.size_bytes
    assert await studio.read(task.id, start=100, length=50) == whole[100:150]
    assert await studio.read(task.id, start=len(whole) - 7) == whole[-7:]


async def test_a_client_sees_its_own_tasks_alone(studio) -> None:
    ours, theirs = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
    task = await studio.create(client=ours, video=pb.MvVideoOrder(prompt="Ours", duration=1, resolution="720p"))

    for call in (
        lambda: studio.get(task.id, client=theirs),
        lambda: studio.read(task.id, client=theirs),
        lambda: studio.create(client=theirs, merge=pb.MvMergeOrder(video_ids=[task.id, task.id])),
    ):
        with pytest.raises(RemoteError) as refused:
            await call()
        assert refused.value.code == "NOT_FOUND"
    assert (await studio.get(task.id, client=ours)).id == (await studio.get(task.id)).id


async def test_without_an_output_root_the_path_is_kept_and_no_file_is_made(open_studio, tmp_path) -> None:
    async with open_studio(falls_back=True, has_output=False) as studio:
        task = await studio.made(image=pb.MvImageOrder(character_description="Nobody"))

        assert task.path.startswith("character_reference/")
        assert not studio.root.exists()
