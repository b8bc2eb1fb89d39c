"""`create_scenes` on a real database: ordered once, written once, kept, and ended with its files or its error."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from adreel_kit import work_items
from adreel_kit.db import Database, Listener
from adreel_kit.logging import configure_logging
from adreel_kit.work_items import CANCELLED_CHANNEL, QUEUED_CHANNEL
from adreel_kit.worker import Lane, Worker
from adreel_scenes.adapters.choose_writer import WriterOptions, choose_music_writer
from adreel_scenes.adapters.debugged_music_writer import DebuggedMusicWriter
from adreel_scenes.adapters.music_config import load_music_config
from adreel_scenes.adapters.output_files import OutputFiles
from adreel_scenes.adapters.postgres import music_tasks
from adreel_scenes.adapters.template.music import TemplateMusicWriter
from adreel_scenes.domain.errors import MusicRequestInvalid, MusicTaskNotFound, OutputDirRefused, OutputUnwritable
from adreel_scenes.domain.music import MusicWish
from adreel_scenes.domain.music_task import MusicTaskState
from adreel_scenes.domain.writer_errors import MissingAPIKey
from adreel_scenes.usecases.order_music_scenes import MUSIC_KIND, MusicTaskView, OrderMusicScenes
from adreel_scenes.usecases.write_music_scenes import WriteMusicScenes
from adreel_testkit.standins.llm_app import Fault, LLMStandin

KEY = "sk-very-secret"
WISH = MusicWish("A lighthouse keeper dances", "A keeper of sixty, white beard")


@dataclass
class Music:
    """The use cases over one database and one output root."""

    calls: OrderMusicScenes
    database: Database
    root: Path

    async def make(self, wish: MusicWish = WISH, *, client_id: str = "", task_id: uuid.UUID | None = None):
        """Order and wait for the end."""
        task_id = task_id or uuid.uuid4()
        await self.calls.order(task_id, client_id, wish)
        return await self.ended(task_id, client_id)

    async def ended(self, task_id: uuid.UUID, client_id: str = "") -> MusicTaskView:
        async with asyncio.timeout(20):
            while True:
                view = await self.calls.look(task_id, client_id, wait_seconds=5)
                if view.task.state is not MusicTaskState.PENDING:
                    return view


@pytest_asyncio.fixture
async def standin() -> AsyncIterator[LLMStandin]:
    async with LLMStandin() as running:
        yield running


@pytest.fixture
def run(database, tmp_path, standin):
    """`async with run(gemini=True)`: the use cases, with a worker unless told otherwise."""

    @asynccontextmanager
    async def running(*, gemini=False, fallback=True, works=True, debugged=False, timeout_seconds=5.0):
        config = load_music_config()
        options = WriterOptions(
            gemini_api_key=KEY if gemini else "",
            gemini_base_url=standin.url,
            timeout_seconds=timeout_seconds,
            deadline_seconds=timeout_seconds * 2,
        )
        model = choose_music_writer(options, config.prompts)
        writers = {"template": TemplateMusicWriter()} | ({"gemini": model} if model else {})
        if debugged:
            writers = {name: DebuggedMusicWriter(name, writer, config.prompts) for name, writer in writers.items()}
        listener = Listener(database.url, [QUEUED_CHANNEL, CANCELLED_CHANNEL, music_tasks.CHANNEL])
        await listener.start()
        output = OutputFiles(str(tmp_path / "out"))
        calls = OrderMusicScenes(
            database=database,
            listener=listener,
            output=output,
            defaults=config.defaults,
            available=writers,
            fallback=fallback,
            is_debugged=debugged,
        )
        handler = WriteMusicScenes(
            database=database,
            output=output,
            writers=writers,
            models={"gemini": options.model("gemini")},
            deadline_seconds=timeout_seconds * 3,
        )
        worker = Worker(
            database=database, listener=listener, handlers={MUSIC_KIND: handler}, lanes=(Lane((MUSIC_KIND,), 2),)
        )
        working = asyncio.create_task(worker.run()) if works else None
        try:
            yield Music(calls, database, tmp_path / "out")
        finally:
            if working is not None:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
            await listener.aclose()
            if model is not None:
                await model.aclose()

    return running


async def test_scenes_are_written_kept_and_laid_down_in_two_files(run):
    async with run() as music:
        view = await music.make(MusicWish(**{**vars_of(WISH), "number_of_scenes": 3, "output_dir": "my video/one"}))
    task = view.task
    assert (task.state, task.backend, len(task.scenes)) == (MusicTaskState.COMPLETED, "template", 3)
    assert task.files == {"scenes.json": "my video/one/scenes.json", "scenes.md": "my video/one/scenes.md"}
    kept = json.loads((music.root / "my video/one/scenes.json").read_text())
    assert [scene["description"] for scene in kept["scenes"]] == [scene.description for scene in task.scenes]
    assert kept["metadata"]["parameters_used"]["camera_angle"] == "eye level"
    assert kept["metadata"]["backend_used"] == "template"
    assert "## Scene 3" in (music.root / "my video/one/scenes.md").read_text()
    assert view.costs == []


async def test_what_is_left_out_has_the_files_defaults_and_what_is_given_stands(run):
    async with run() as music:
        view = await music.make(MusicWish("A song", "A dancer", video_type="film noir", character_characteristics=""))
    assert view.task.order.parameters == {
        "character_description": "A dancer",
        "character_characteristics": "",
        "number_of_scenes": 4,
        "video_type": "film noir",
        "video_characteristics": "vivid, realistic, cinematic lighting",
        "camera_angle": "eye level",
        "output_dir": "",
    }
    assert len(view.task.scenes) == 4


async def test_without_a_directory_each_task_has_its_own(run):
    async with run() as music:
        first, second = await music.make(), await music.make()
    assert first.task.files["scenes.json"] == f"scenes/{first.task.id}/scenes.json"
    assert first.task.files != second.task.files


async def test_bound_clients_write_below_their_own_and_see_their_own_alone(run):
    client, other = str(uuid.uuid4()), str(uuid.uuid4())
    async with run() as music:
        wish = MusicWish(**{**vars_of(WISH), "output_dir": "same"})
        mine = await music.make(wish, client_id=client)
        theirs = await music.make(wish, client_id=other)
        assert mine.task.files["scenes.json"] == f"clients/{client}/same/scenes.json"
        assert theirs.task.files != mine.task.files
        with pytest.raises(MusicTaskNotFound):
            await music.calls.look(mine.task.id, other, wait_seconds=0)
        with pytest.raises(MusicTaskNotFound):
            await music.calls.order(mine.task.id, other, WISH)
        assert (await music.calls.look(mine.task.id, "", wait_seconds=0)).task.id == mine.task.id


async def test_the_same_id_orders_nothing_twice(run, standin):
    task_id = uuid.uuid4()
    async with run(gemini=True) as music:
        await asyncio.gather(*(music.calls.order(task_id, "", WISH) for _ in range(5)))
        first = await music.ended(task_id)
        again = await music.make(task_id=task_id)
    assert again.task == first.task
    assert len(standin.calls) == 1


@pytest.mark.parametrize(
    ("gemini", "fallback", "named", "chosen"),
    [
        (True, False, None, "gemini"),
        (True, True, None, "gemini"),
        (True, False, "gemini", "gemini"),
        (True, False, "template", "template"),
        (False, True, None, "template"),
        (False, False, "template", "template"),
        (False, False, None, MissingAPIKey),
        (False, True, "gemini", MissingAPIKey),
        (False, False, "gemini", MissingAPIKey),
        (True, True, "sora", MusicRequestInvalid),
        (True, True, "", MusicRequestInvalid),
    ],
)
async def test_who_writes(run, gemini, fallback, named, chosen):
    async with run(gemini=gemini, fallback=fallback) as music:
        wish = MusicWish(**{**vars_of(WISH), "backend": named})
        if isinstance(chosen, str):
            assert (await music.make(wish)).task.backend == chosen
            return
        with pytest.raises(chosen) as raised:
            await music.make(wish)
        if chosen is MissingAPIKey:
            assert raised.value.code == "MISSING_API_KEY"
            assert raised.value.details["backend"] == "gemini"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"idea": ""}, "idea"),
        ({"idea": "<b></b>"}, "idea"),
        ({"idea": "\u200b\u202e"}, "idea"),
        ({"character_description": " \x00 "}, "character_description"),
        ({"idea": "x" * 4_001}, "idea"),
        ({"video_type": "x" * 4_001}, "video_type"),
        ({"number_of_scenes": 0}, "number_of_scenes"),
        ({"number_of_scenes": -3}, "number_of_scenes"),
        ({"number_of_scenes": 51}, "number_of_scenes"),
        ({"number_of_scenes": 2**31 - 1}, "number_of_scenes"),
    ],
)
async def test_what_cannot_be_written_is_refused_before_anything_is_made(run, change, field):
    async with run() as music:
        task_id = uuid.uuid4()
        with pytest.raises(MusicRequestInvalid) as raised:
            await music.calls.order(task_id, "", MusicWish(**{**vars_of(WISH), **change}))
        assert raised.value.details["fields"][0]["field"] == field
        with pytest.raises(MusicTaskNotFound):
            await music.calls.look(task_id, "", wait_seconds=0)


async def test_a_directory_that_leads_out_is_refused_at_once_and_again_when_it_is_planted_later(run, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    async with run(works=False) as music:
        music.root.mkdir()
        (music.root / "away").symlink_to(outside)
        for name in ("../x", "/x", "away", "away/x"):
            with pytest.raises(OutputDirRefused):
                await music.make(MusicWish(**{**vars_of(WISH), "output_dir": name}))
        task_id = uuid.uuid4()
        await music.calls.order(task_id, "", MusicWish(**{**vars_of(WISH), "output_dir": "later"}))
        (music.root / "later").symlink_to(outside)
    async with run() as music:
        view = await music.ended(task_id)
    assert (view.task.state, view.task.error.code) == (MusicTaskState.FAILED, "VALIDATION_ERROR")
    assert list(outside.iterdir()) == []


FAULTS = [
    # what goes wrong, the code, the status of its answer, POSTs made
    ([Fault("refusal")], "CONTENT_POLICY_VIOLATION", 422, 1),
    ([Fault("policy")], "CONTENT_POLICY_VIOLATION", 422, 1),
    ([Fault("cutoff")], "MODEL_OUTPUT_TRUNCATED", 503, 1),
    ([Fault("broken_json")] * 2, "MODEL_OUTPUT_INVALID", 503, 2),
    ([Fault("wrong_schema")] * 2, "MODEL_OUTPUT_INVALID", 503, 2),
    ([Fault("text", text='{"scenes": [{"description": 3}]}')] * 2, "MODEL_OUTPUT_INVALID", 503, 2),
    ([Fault("status", status=429, retry_after_seconds=33)], "PROVIDER_RATE_LIMITED", 429, 1),
    ([Fault("status", status=429, message="prepay credit balance is used up")], "PROVIDER_QUOTA", 402, 1),
    ([Fault("status", status=402)], "PROVIDER_QUOTA", 402, 1),
    ([Fault("status", status=401)], "MISSING_API_KEY", 422, 1),
    ([Fault("status", status=400, message="unknown field")], "PROVIDER_ERROR", 500, 1),
    ([Fault("status", status=404, message="model not found")], "BACKEND_UNAVAILABLE", 503, 1),
    ([Fault("status", status=500)] * 2, "BACKEND_UNAVAILABLE", 503, 2),
    ([Fault("drop")] * 2, "BACKEND_UNAVAILABLE", 503, 2),
    ([Fault("hang")], "PROVIDER_TIMEOUT", 504, 1),
]


@pytest.mark.parametrize(("faults", "code", "status", "posts"), FAULTS)
async def test_each_fault_of_the_model_ends_the_task_with_its_code_and_what_it_cost(
    run, standin, faults, code, status, posts
):
    standin.order(*faults)
    async with run(gemini=True, timeout_seconds=0.7 if code == "PROVIDER_TIMEOUT" else 5) as music:
        view = await music.make()
    assert (view.task.state, view.task.error.code) == (MusicTaskState.FAILED, code)
    assert view.task.error.http_status == status
    assert view.task.scenes is None
    assert len(standin.calls) == posts
    refused = isinstance(faults[0], Fault) and faults[0].kind == "status" and faults[0].status < 500
    lost = code in ("BACKEND_UNAVAILABLE", "PROVIDER_TIMEOUT") and not refused
    assert [(line.kind, line.state) for line in view.costs] == (
        [] if refused else [("music_scenes", "unknown" if lost else "actual")]
    )
    assert KEY not in json.dumps(view.task.error.as_dict())
    if status == 429:
        assert view.task.error.retry_after_seconds == 33


async def test_a_bad_answer_is_repaired_once_and_both_calls_are_billed(run, standin):
    standin.order(Fault("broken_json"))
    async with run(gemini=True) as music:
        view = await music.make()
    assert (view.task.state, view.task.backend, len(standin.calls)) == (MusicTaskState.COMPLETED, "gemini", 2)
    assert view.costs[0].quantity > 200
    assert view.costs[0].state == "actual"


async def test_what_was_written_is_not_bought_again_when_its_files_cannot_be_laid_down(run, standin):
    task_id = uuid.uuid4()
    async with run(gemini=True, works=False) as music:
        await music.calls.order(task_id, "", WISH)
        music.root.write_text("in the way")
        with pytest.raises(OutputUnwritable):
            await music.calls.order(uuid.uuid4(), "", WISH)
    async with run(gemini=True) as music:
        async with asyncio.timeout(10):
            while (await stored(music, task_id)).scenes is None:
                await asyncio.sleep(0.02)
        music.root.unlink()
        view = await music.ended(task_id)
    assert view.task.state is MusicTaskState.COMPLETED
    assert len(standin.calls) == 1


async def test_a_task_whose_worker_was_killed_is_finished_by_the_next(run, database):
    task_id = uuid.uuid4()
    async with run(works=False) as music:
        await music.calls.order(task_id, "", WISH)
        # As a worker leaves it that was killed after it took the item.
        async with database.transaction() as conn:
            item = await work_items.claim(conn, kinds=[MUSIC_KIND], lease=timedelta(seconds=0.2))
        assert item is not None
        early = await music.calls.look(task_id, "", wait_seconds=0.1)
        assert early.task.state is MusicTaskState.PENDING
    async with run() as music:
        assert (await music.ended(task_id)).task.state is MusicTaskState.COMPLETED


async def test_whoever_waits_is_told_at_once(run):
    async with run(works=False) as music:
        task_id = uuid.uuid4()
        await music.calls.order(task_id, "", WISH)
        waiting = asyncio.create_task(music.calls.look(task_id, "", wait_seconds=30))
        await asyncio.sleep(0.05)
        async with run():
            view = await asyncio.wait_for(waiting, 10)
    assert view.task.state is MusicTaskState.COMPLETED


async def test_a_database_that_is_away_is_no_failure_of_the_task(run, standin, monkeypatch):
    kept = music_tasks.keep_scenes
    calls = 0

    async def away_once(*args):
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError("the database is away")
        await kept(*args)

    monkeypatch.setattr(music_tasks, "keep_scenes", away_once)
    async with run() as music:
        assert (await music.make()).task.state is MusicTaskState.COMPLETED


async def test_debug_mode_shows_all_but_the_key(run, capfd):
    configure_logging(service="scenes", process="test", level="INFO")
    async with run(gemini=True, debugged=True) as music:
        await music.make(MusicWish(**{**vars_of(WISH), "camera_angle": "from below"}))
    shown = "".join(capfd.readouterr())
    for words in ("mv.debug.parameters", "mv.debug.backend", "mv.debug.prompt", "mv.debug.outcome", "from below",
                  "vivid, realistic", "director of music videos", "seconds"):  # fmt: skip
        assert words in shown
    assert KEY not in shown


async def stored(music: Music, task_id: uuid.UUID):
    async with music.database.connection() as conn:
        return await music_tasks.load(conn, task_id)


def vars_of(wish: MusicWish) -> dict[str, object]:
    return {"idea": wish.idea, "character_description": wish.character_description}
