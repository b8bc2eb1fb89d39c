"""The work of a character's picture that is drawn here."""

import tempfile
from pathlib import Path

from adreel_kit.blobs.port import BlobStore
from adreel_kit.db import Connection
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.domain.mv_ports import MvEngine
from adreel_render.domain.mv_task import KeptFile
from adreel_render.usecases.mv_record import MvRecord

_CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg"}


class MakeMvImage:
    """The `mv_image` work handler."""

    def __init__(self, record: MvRecord, engine: MvEngine, blobs: BlobStore, scratch_dir: Path) -> None:
        self._record = record
        self._engine = engine
        self._blobs = blobs
        self._scratch_dir = scratch_dir

    async def run(self, item: WorkItem) -> Finish:
        task = await self._record.begin(item)
        wanted = task.plan.parameters
        image_format = wanted.get("output_format", "png")
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="mv-image-") as folder:
            path = Path(folder) / f"card.{image_format}"
            await self._engine.draw_character(
                task.plan.words,
                aspect_ratio=wanted.get("aspect_ratio", "1:1"),
                seed=wanted["seed"],
                image_format=image_format,
                out_path=path,
            )
            ref = await self._blobs.put_file(path)
        file = KeptFile(ref.sha256, ref.size_bytes, _CONTENT_TYPES[image_format])
        return await self._record.finish(task, file)

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        await self._record.failed(item, error, conn)
