"""Clips joined into one: any sizes and rates, with and without sound, by any transition."""

import hashlib
import io
import math
import struct
import uuid
import wave
from typing import Any

import av
import numpy as np
import pytest
from adreel.render.v1 import music_video_pb2 as pb
from adreel_kit.db import Database
from adreel_kit.errors import RemoteError
from adreel_kit.ids import new_id
from adreel_render.adapters.postgres import mv_tasks
from adreel_render.domain.mv_task import KeptFile, MvKind, MvPlan

NO = {
    "code": "PROVIDER_ERROR",
    "message": "no",
    "details": {},
    "kind": "internal",
    "http_status": 500,
    "retry_after_seconds": None,
}
RED, GREEN, BLUE = (200, 30, 30), (30, 180, 40), (30, 40, 200)


def film_bytes(
    colour: tuple[int, int, int], *, size: tuple[int, int], fps: int, seconds: float, has_sound: bool
) -> bytes:
    """An MP4 of one colour, with a tone or without a sound track."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = container.add_stream("aac", rate=44100, layout="mono") if has_sound else None
        pixels = np.full((size[1], size[0], 3), colour, np.uint8)
        for _ in range(round(seconds * fps)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode(None))
        if audio is not None:
            count = round(seconds * 44100)
            tone = (0.3 * np.sin(2 * math.pi * 440 * np.arange(count) / 44100)).astype(np.float32)
            for start in range(0, count, 1024):
                frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 44100, start
                container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return buffer.getvalue()


async def kept_video(studio: Any, content: bytes, *, state: str = "completed") -> str:
    """A video task as if it had been made: its bytes are ours, and so is what is known of it."""
    task_id = new_id()
    plan = MvPlan(kind=MvKind.VIDEO, backend="replicate", model="google/veo-3.1", words="A clip")
    async with studio.database.transaction() as conn:
        await mv_tasks.insert_task(conn, task_id, None, plan, f"videos/{task_id}")
        if state == "failed":
            await mv_tasks.fail(conn, task_id, NO)
        elif state == "completed":
            await mv_tasks.begin(conn, task_id)
            path = studio.root / f"{task_id}.source"
            path.write_bytes(content)
            ref = await studio.blobs.put_file(path)
            assert ref.sha256 == hashlib.sha256(content).hexdigest()
            await mv_tasks.complete(
                conn,
                task_id,
                file=KeptFile(ref.sha256, ref.size_bytes, "video/mp4"),
                path="",
                metadata={},
                cost_micros=0,
            )
    return str(task_id)


def seen_in(content: bytes) -> tuple[dict[str, Any], list[np.ndarray], np.ndarray]:
    """Facts, the mean colour of every frame's middle, and the samples of the first channel."""
    colours, samples = [], []
    with av.open(io.BytesIO(content)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        facts = {"size": (video.width, video.height), "fps": float(video.average_rate),
                 "sound_seconds": float(audio.duration * audio.time_base)}  # fmt: skip
        for frame in container.decode(video, audio):
            if isinstance(frame, av.VideoFrame):
                pixels = frame.to_ndarray(format="rgb24")
                height, width = pixels.shape[:2]
                colours.append(pixels[height // 3 : -height // 3, width // 2 - 40 : width // 2 + 40].mean((0, 1)))
            else:
                samples.append(frame.to_ndarray()[0])
    return facts, colours, np.concatenate(samples)


def is_near(colour: np.ndarray, wanted: tuple[int, int, int]) -> bool:
    return float(np.abs(colour - np.asarray(wanted)).max()) < 40


async def three_clips(studio: Any) -> list[str]:
    """Landscape at 24 with sound, portrait at 30 without, square at 25 with."""
    return [
        await kept_video(studio, film_bytes(RED, size=(1280, 720), fps=24, seconds=2, has_sound=True)),
        await kept_video(studio, film_bytes(GREEN, size=(360, 640), fps=30, seconds=1.5, has_sound=False)),
        await kept_video(studio, film_bytes(BLUE, size=(480, 480), fps=25, seconds=2, has_sound=True)),
    ]


async def test_clips_of_any_kind_are_joined_in_their_order_and_whole(studio) -> None:
    ids = await three_clips(studio)

    task = await studio.made(merge=pb.MvMergeOrder(video_ids=ids))

    assert task.state == pb.MV_TASK_STATE_COMPLETED, task.error
    facts, colours, sound = seen_in(await studio.read(task.id))
    assert facts["size"] == (1280, 720)
    assert facts["fps"] == 24
    assert len(colours) == 48 + 36 + 48
    assert facts["sound_seconds"] == pytest.approx(5.5, abs=0.05)
    for frames, wanted in ((colours[:48], RED), (colours[48:84], GREEN), (colours[84:], BLUE)):
        assert all(is_near(colour, wanted) for colour in frames[1:-1])
    loud = [
        float(np.abs(sound[round(a * 48000) : round(b * 48000)]).max()) for a, b in ((0.5, 1.5), (2.3, 3.2), (4, 5))
    ]
    assert loud[0] > 0.05
    assert loud[2] > 0.05
    assert loud[1] < 0.01  # the clip without a sound track is silent, and keeps its place
    used = dict(task.metadata["parameters_used"])
    assert (used["transition"], list(used["video_ids"])) == ("cut", ids)


@pytest.mark.parametrize("words", ["Cross-Fade", "wipe"])
async def test_a_mixing_transition_overlaps_the_clips_so_that_nothing_stands_still(studio, words: str) -> None:
    ids = await three_clips(studio)

    task = await studio.made(merge=pb.MvMergeOrder(video_ids=ids, transition=words))

    facts, colours, _ = seen_in(await studio.read(task.id))
    assert len(colours) == 48 + 36 + 48 - 12 - 12
    assert facts["sound_seconds"] == pytest.approx(len(colours) / 24, abs=0.05)
    assert is_near(colours[20], RED)
    assert is_near(colours[54], GREEN)
    assert is_near(colours[-10], BLUE)


async def test_fades_go_through_black_without_changing_the_length(studio) -> None:
    ids = (await three_clips(studio))[:2]

    task = await studio.made(merge=pb.MvMergeOrder(video_ids=ids, transition="fade out"))

    _, colours, _ = seen_in(await studio.read(task.id))
    assert len(colours) == 84
    assert colours[46].max() < 60
    assert colours[-1].max() < 30


async def test_a_song_takes_the_place_of_the_clips_sound(studio) -> None:
    ids = await three_clips(studio)
    song = io.BytesIO()
    with wave.open(song, "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<h", round(9000 * math.sin(n / 10))) for n in range(48000 * 7)))
    asset_id = uuid.uuid4()
    sha256 = studio.sounds.add(song.getvalue())

    task = await studio.made(merge=pb.MvMergeOrder(video_ids=ids, audio_asset_id=str(asset_id), audio_sha256=sha256))

    _, _, sound = seen_in(await studio.read(task.id))
    assert float(np.abs(sound[round(2.3 * 48000) : round(3.2 * 48000)]).max()) > 0.05
    assert dict(task.metadata["parameters_used"])["audio_asset_id"] == str(asset_id)


async def test_a_merge_can_be_merged_and_a_clip_may_come_twice(studio) -> None:
    red = await kept_video(studio, film_bytes(RED, size=(640, 360), fps=25, seconds=1, has_sound=False))
    first = await studio.made(merge=pb.MvMergeOrder(video_ids=[red, red]))

    second = await studio.made(merge=pb.MvMergeOrder(video_ids=[first.id, red]))

    _, colours, _ = seen_in(await studio.read(second.id))
    assert len(colours) == 75


async def test_videos_that_are_not_there_are_named(studio, database: Database) -> None:
    there = await kept_video(studio, film_bytes(RED, size=(640, 360), fps=25, seconds=1, has_sound=False))
    picture = await studio.made(image=pb.MvImageOrder(character_description="No video"))
    cases = {
        str(new_id()): "NOT_FOUND",
        "no id": "NOT_FOUND",
        picture.id: "NOT_FOUND",
        await kept_video(studio, b"", state="pending"): "VIDEO_NOT_READY",
        await kept_video(studio, b"", state="failed"): "VIDEO_NOT_READY",
    }
    for video_id, code in cases.items():
        with pytest.raises(RemoteError) as refused:
            await studio.create(merge=pb.MvMergeOrder(video_ids=[there, video_id]))
        assert refused.value.code == code
        assert video_id in refused.value.message


async def test_a_file_that_is_no_film_fails_the_task_and_says_so(studio) -> None:
    there = await kept_video(studio, film_bytes(RED, size=(640, 360), fps=25, seconds=1, has_sound=False))
    broken = await kept_video(studio, b"not a film at all" * 100)

    task = await studio.made(merge=pb.MvMergeOrder(video_ids=[there, broken]))

    assert task.state == pb.MV_TASK_STATE_FAILED
    assert task.error.code == "SCENE_UNRENDERABLE"
