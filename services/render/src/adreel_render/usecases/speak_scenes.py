"""The work of a film's voices: every scene's script is spoken, or found spoken, before anything is drawn or bought.

Voices come first for two reasons: captions follow them, and a voice that cannot be had is told before a clip is paid.
"""

import asyncio
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path

from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.db import Connection, Database
from adreel_kit.errors import AppError, ErrorFacts
from adreel_kit.logging import get_logger
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish, GiveUp, NotYet

from adreel_render.adapters.postgres import renders, speeches
from adreel_render.domain.attempts import OutputUnusable
from adreel_render.domain.errors import ProviderOutputLost, RenderNotFound
from adreel_render.domain.film_layout import lay_out
from adreel_render.domain.ports import ProgressReport, Purchases
from adreel_render.domain.request import RenderRequested
from adreel_render.domain.voice import ScratchVoice, Speech, SpeechFinish, SpokenLine
from adreel_render.domain.voice_orders import PaidVoice, speech_order, spoken_lines
from adreel_render.usecases.end_scenes import fail_render, order_film
from adreel_render.usecases.start_render import order_scene

log = get_logger(__name__)

# Calls to a voice provider side by side: a film has seven scenes at most, and accounts are throttled by the minute.
_SIDE_BY_SIDE = 3


class SpeakScenes:
    """The `voice` work handler. Without a `paid` voice, and for animatics always, the scratch voice speaks."""

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        blobs: BlobStore,
        scratch: ScratchVoice,
        finish: SpeechFinish,
        purchases: Purchases,
        paid: PaidVoice | None,
        progress: ProgressReport,
        scratch_dir: Path,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._blobs = blobs
        self._scratch = scratch
        self._finish = finish
        self._purchases = purchases
        self._paid = paid
        self._progress = progress
        self._scratch_dir = scratch_dir

    async def run(self, item: WorkItem) -> Finish:
        render_id = uuid.UUID(item.payload["render_id"])
        async with self._database.connection() as conn:
            request = await renders.load_request(conn, render_id)
        if request is None:
            raise RenderNotFound("The render is gone.")
        lines = self._lines(request)
        spoken = await self._all(request, lines)

        async def finish(conn: Connection) -> None:
            standing = await renders.standing(conn, render_id, lock=True)
            if standing is None or standing.state != "rendering":
                return  # cancelled meanwhile; what was spoken is kept for another day
            for line in lines:
                await speeches.set_for_scene(conn, render_id, line.scene_number, spoken[line.key].key)
            if standing.scenes_done == standing.scenes_total:
                await order_film(conn, request)
                return
            for scene in request.scenes:
                await order_scene(conn, request, scene.scene_number)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        number = error.details.get("scene_number")
        await fail_render(
            conn,
            self._outbox,
            uuid.UUID(item.payload["render_id"]),
            error,
            scene_number=number if isinstance(number, int) else None,
        )

    def _lines(self, request: RenderRequested) -> tuple[SpokenLine, ...]:
        layout = lay_out(request)
        if self._paid is None or request.is_preview:
            return spoken_lines(request, layout, self._scratch.voice_for)
        voice = self._paid.voice_for(request)
        return spoken_lines(request, layout, lambda text: voice)

    async def _all(self, request: RenderRequested, lines: tuple[SpokenLine, ...]) -> dict[str, Speech]:
        """Speeches by key. All are on their way before one of them is waited for."""
        different = {line.key: line for line in reversed(lines)}
        limit = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def one(line: SpokenLine) -> Speech:
            async with limit:
                return await self._one(request, line)

        # A call that is under way is not broken off because another one failed: its outcome would be unknown.
        outcomes = await asyncio.gather(*(one(line) for line in different.values()), return_exceptions=True)
        spoken = {}
        waits: list[timedelta] = []
        failures: list[BaseException] = []
        for key, outcome in zip(different, outcomes, strict=True):
            if isinstance(outcome, NotYet):
                waits.append(outcome.delay)
            elif isinstance(outcome, BaseException):
                failures.append(outcome)
            else:
                spoken[key] = outcome
        if failures:
            raise next((failure for failure in failures if isinstance(failure, GiveUp)), failures[0])
        if waits:
            await self._progress.waiting(request.render_id)
            raise NotYet(min(waits))
        return spoken

    async def _one(self, request: RenderRequested, line: SpokenLine) -> Speech:
        try:
            return await self._found_or_spoken(request, line)
        except AppError as error:
            error.details["scene_number"] = line.scene_number
            raise
        except GiveUp as end:
            end.error.details["scene_number"] = line.scene_number
            raise

    async def _found_or_spoken(self, request: RenderRequested, line: SpokenLine) -> Speech:
        async with self._database.connection() as conn:
            known = await speeches.find(conn, line.key)
        if known is not None and (not known.seconds or await self._blobs.stat(known.sha256) is not None):
            return known
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="voice-") as folder:
            path = Path(folder) / "speech.wav"
            if line.voice.is_paid:
                seconds = await self._buy(request, line, Path(folder), path)
            else:
                seconds = await self._scratch.speak(line.text, line.voice, path)
            speech = await self._kept(line, seconds, path)
        log.info(
            "speech.kept",
            render_id=str(request.render_id),
            scene_number=line.scene_number,
            provider=speech.provider,
            seconds=round(seconds, 2),
        )
        return speech

    async def _buy(self, request: RenderRequested, line: SpokenLine, folder: Path, path: Path) -> float:
        assert self._paid is not None, "a paid line has a paid voice"
        bought = await self._purchases.obtain(speech_order(request, line, self._paid.price))
        assert bought.output is not None, "obtained means stored"
        ref = BlobRef(bought.output.sha256, bought.output.size_bytes)
        source = self._blobs.local_path(ref)
        if source is None:
            source = folder / "bought"
            await self._blobs.fetch_to(ref, source)
        try:
            return await self._finish.finish(source, path)
        except OutputUnusable as error:
            # It was looked at when it was bought, so this is damage in our own store.
            raise GiveUp(ProviderOutputLost(f"A bought recording cannot be read any more: {error}")) from error

    async def _kept(self, line: SpokenLine, seconds: float, path: Path) -> Speech:
        ref = await self._blobs.put_file(path) if seconds else BlobRef("", 0)
        speech = Speech(
            key=line.key,
            sha256=ref.sha256,
            size_bytes=ref.size_bytes,
            seconds=seconds,
            provider=line.voice.provider,
            model=line.voice.model,
            voice=line.voice.name,
            characters=len(line.text),
        )
        # At once, in a transaction of its own: what was spoken stays spoken, whatever becomes of the others.
        async with self._database.transaction() as conn:
            await speeches.keep(conn, speech)
        return speech
