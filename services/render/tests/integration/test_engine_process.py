"""The engine's child process: it never outlives worker, task or patience, and says what may be tried again."""

import asyncio
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from adreel_render.adapters.engine_child import _carry_out
from adreel_render.adapters.engine_process import EngineProcess
from adreel_render.adapters.engine_tasks import ComposeFilm, DrawScene, Failure, Result
from adreel_render.domain.errors import EngineStopped, SceneUnrenderable
from adreel_render.engine.encoder import ClipEncoder
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.spec import Canvas, Medium, SceneSpec
from adreel_render.engine.transitions import CUT
from engine_children import engine_children

CANVAS = Canvas(640, 360, 30)
LONG = SceneSpec(2, 3, 30_000, script="A scene that takes minutes to draw.")

WORKER = """
import asyncio, sys
from pathlib import Path
from adreel_render.adapters.engine_process import EngineProcess
from adreel_render.adapters.engine_tasks import DrawScene
from adreel_render.engine.spec import Canvas, SceneSpec

def told(share):
    print("drawing", flush=True)
spec = SceneSpec(2, 3, 30_000, script="A scene that takes minutes to draw.")
task = DrawScene(spec, Canvas(640, 360, 30), Path(sys.argv[1]))
asyncio.run(EngineProcess(stall_seconds=60).run(task, told))
"""


async def drawing(process: EngineProcess, out: Path) -> "tuple[asyncio.Task[Result], psutil.Process]":
    """A long scene that is really being drawn, and the child that draws it."""
    is_drawing = asyncio.Event()
    task = asyncio.create_task(process.run(DrawScene(LONG, CANVAS, out), lambda share: is_drawing.set()))
    await asyncio.wait_for(is_drawing.wait(), 60)
    (child,) = engine_children()
    return task, child


@pytest.fixture
async def process() -> EngineProcess:
    process = EngineProcess(stall_seconds=60)
    yield process
    await process.kill()


def test_the_child_of_a_killed_worker_ends_with_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path / "clip.mp4")], stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "drawing\n"
        (child,) = engine_children(worker.pid)
        worker.kill()
    _, alive = psutil.wait_procs([child], timeout=2)
    assert alive == []
    assert not (tmp_path / "clip.mp4").exists()


async def test_cancelling_a_task_ends_its_child_within_two_seconds(process: EngineProcess, tmp_path: Path) -> None:
    task, child = await drawing(process, tmp_path / "clip.mp4")
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 2
    assert not child.is_running()
    assert not (tmp_path / "clip.mp4").exists()


async def test_a_child_that_ends_before_it_reads_is_no_bug_and_the_next_task_has_another(
    process: EngineProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = DrawScene(SceneSpec(2, 3, 5, script="Short."), CANVAS, tmp_path / "clip.mp4")
    with monkeypatch.context() as changed:
        changed.setattr(sys, "executable", "/bin/false")
        with pytest.raises(EngineStopped):
            await process.run(short, lambda share: None)
    assert (await process.run(short, lambda share: None)).frame_count > 0
    (child,) = engine_children()
    child.kill()
    await asyncio.sleep(0.1)
    assert (await process.run(short, lambda share: None)).frame_count > 0


async def test_a_child_without_progress_is_ended_and_the_work_may_be_tried_again(tmp_path: Path) -> None:
    process = EngineProcess(stall_seconds=5)
    task, child = await drawing(process, tmp_path / "clip.mp4")
    child.send_signal(signal.SIGSTOP)
    with pytest.raises(EngineStopped):
        await asyncio.wait_for(task, 60)
    assert not child.is_running()


async def test_a_medium_that_cannot_be_drawn_is_final_and_the_child_goes_on(
    process: EngineProcess, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nand nothing more")
    spec = SceneSpec(2, 3, 10, media=(Medium("ab" * 32, broken),))
    with pytest.raises(SceneUnrenderable) as error:
        await process.run(DrawScene(spec, CANVAS, tmp_path / "clip.mp4"), lambda share: None)
    assert error.value.details["medium"] == "ab" * 32
    (child,) = engine_children()
    done = await process.run(DrawScene(SceneSpec(2, 3, 10), CANVAS, tmp_path / "clip.mp4"), lambda share: None)
    assert done.frame_count == 10
    assert engine_children() == [child]


@pytest.fixture
def plan(tmp_path: Path) -> FilmPlan:
    """Three clips of noise, some 30 kB each, joined by cuts."""
    dice = np.random.default_rng(1)
    clips = []
    for number in range(3):
        path = tmp_path / f"{number}.mp4"
        with ClipEncoder(path, Canvas(64, 64, 30), frame_count=12) as encoder:
            for _ in range(12):
                noise = dice.integers(16, 235, (64, 64), dtype=np.uint8)
                encoder.write(noise, noise[:32, :32], noise[32:, 32:])
        clips.append(FilmClip(path, str(number), 12))
    return FilmPlan(Canvas(64, 64, 30), tuple(clips), (CUT, CUT))


@pytest.fixture
def no_room() -> Iterator[Callable[[int], None]]:
    """Makes every file of this process end at a size, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size_bytes: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_tried_again(plan: FilmPlan, tmp_path: Path, no_room: Callable[[int], None]) -> None:
    task = ComposeFilm(plan, tmp_path / "film.mp4", tmp_path, tmp_path / "cache")
    smallest = max(clip.path.stat().st_size for clip in plan.clips)
    no_room(smallest + 4096)
    failed = _carry_out(task, lambda share: None)
    no_room(resource.RLIM_INFINITY)
    assert isinstance(failed, Failure)
    assert not failed.is_final
    assert "could not be written" in failed.message
    assert not task.out_path.exists()
    assert isinstance(_carry_out(task, lambda share: None), Result)


def test_a_full_disk_while_a_scene_is_drawn_is_tried_again(tmp_path: Path, no_room: Callable[[int], None]) -> None:
    task = DrawScene(SceneSpec(2, 3, 60, script="Words."), CANVAS, tmp_path / "clip.mp4")
    no_room(4096)
    failed = _carry_out(task, lambda share: None)
    no_room(resource.RLIM_INFINITY)
    assert isinstance(failed, Failure)
    assert not failed.is_final
    assert not task.out_path.exists()


def test_a_plan_that_contradicts_itself_is_final(plan: FilmPlan, tmp_path: Path) -> None:
    object.__setattr__(plan, "poster_frame", 10_000)
    failed = _carry_out(ComposeFilm(plan, tmp_path / "film.mp4", tmp_path, tmp_path / "cache"), lambda share: None)
    assert isinstance(failed, Failure)
    assert failed.is_final
