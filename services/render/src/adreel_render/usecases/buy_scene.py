"""The work of one scene whose picture is bought: its clips are obtained, then drawn like any other medium.

Bought files are never copied into a film as delivered. They are the scene's picture in the engine, which fits them to
the canvas and its rate, cuts them to the exact frames, and lays captions, title and end card over them. The clip's key
holds the bought files' digests, so a clip is drawn again only when what was bought or what lies over it has changed.
"""

import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adreel_kit.blobs.port import BlobRef, BlobStore
from adreel_kit.db import Connection
from adreel_kit.errors import ErrorFacts
from adreel_kit.logging import get_logger
from adreel_kit.outbox import Outbox
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish, NotYet

from adreel_render.adapters.postgres.renders import StoredClip
from adreel_render.domain.errors import PictureRefused
from adreel_render.domain.film_layout import FilmLayout
from adreel_render.domain.mv_ports import PictureCheck
from adreel_render.domain.paid_scene import hero_of, inputs_for, order_for, parts_of, takes_subject
from adreel_render.domain.ports import AssetSource, ProgressReport, Purchases
from adreel_render.domain.prices import VideoPrice, video_price
from adreel_render.domain.purchases import Purchase, PurchaseOrder, ReferencePicture
from adreel_render.domain.request import RenderRequested, RequestedAsset
from adreel_render.engine.spec import Medium, MediumKind
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.draw_clip import DrawClip, SceneWork
from adreel_render.usecases.end_scenes import MadeClip, fail_render, record_clip

log = get_logger(__name__)

_MOST_REMEMBERED = 256


class BuyScene:
    """The `paid_scene` work handler."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        blobs: BlobStore,
        assets: AssetSource,
        describe: DescribeScene,
        draw: DrawClip,
        picture_check: PictureCheck,
        purchases: Purchases,
        prices: Mapping[str, VideoPrice],
        progress: ProgressReport,
        scratch_dir: Path,
    ) -> None:
        self._outbox = outbox
        self._blobs = blobs
        self._assets = assets
        self._describe = describe
        self._draw = draw
        self._picture_check = picture_check
        self._purchases = purchases
        self._prices = prices
        self._progress = progress
        self._scratch_dir = scratch_dir
        # Looked up at every poll, decoded once.
        self._references: dict[str, ReferencePicture | None] = {}

    async def run(self, item: WorkItem) -> Finish:
        work = await self._draw.work_of(item)
        bought = await self._obtain(work.request, work.layout, work.number)
        clip, is_reused = await self._clip(work, bought)
        made = MadeClip(
            clip,
            backend=work.request.video.backend,
            model=bought[0].model,
            is_reused=is_reused,
            cost_micros=sum(one.cost_micros for one in bought),
            purchase_ids=tuple(one.id for one in bought),
        )

        async def finish(conn: Connection) -> None:
            await record_clip(conn, self._outbox, work.request, work.layout, work.number, made)

        return finish

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        render_id = uuid.UUID(item.payload["render_id"])
        await fail_render(conn, self._outbox, render_id, error, scene_number=int(item.payload["scene_number"]))

    async def _obtain(self, request: RenderRequested, layout: FilmLayout, number: int) -> list[Purchase]:
        """All clips of the scene; each is on its way before one of them is waited for."""
        orders = await self._orders(request, layout, number)
        waits: list[timedelta] = []
        bought: list[Purchase] = []
        for order in orders:
            try:
                bought.append(
                    await self._purchases.obtain(order, accept_possible_duplicate=request.accept_possible_duplicate)
                )
            except NotYet as later:
                waits.append(later.delay)
        if waits:
            await self._progress.waiting(request.render_id)
            raise NotYet(min(waits))
        return bought

    async def _orders(self, request: RenderRequested, layout: FilmLayout, number: int) -> list[PurchaseOrder]:
        scene = request.scene(number)
        price = video_price(request.video.backend, self._prices)
        seconds = layout.clips[number - 1].body_frames / layout.canvas.fps
        hero = hero_of(request, scene)
        picture = await self._reference(hero) if hero is not None else None
        orders = []
        for part in parts_of(price, seconds):
            reference = None
            if picture is not None:
                is_subject = price.provider == "gemini" or takes_subject(inputs_for(request, scene, part))
                reference = replace(picture, use="subject" if is_subject else "first_frame")
            orders.append(order_for(request, scene, part, price, hero=hero, reference=reference))
        return orders

    async def _reference(self, hero: RequestedAsset) -> ReferencePicture | None:
        """The hero picture, decoded and written anew, in our store; None for one that cannot be decoded."""
        if hero.sha256 not in self._references:
            if len(self._references) >= _MOST_REMEMBERED:
                self._references.clear()
            self._references[hero.sha256] = await self._clean(hero)
        return self._references[hero.sha256]

    async def _clean(self, hero: RequestedAsset) -> ReferencePicture | None:
        source = await self._assets.local_copy(hero.asset_id, hero.sha256)
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="hero-") as folder:
            clean = Path(folder) / "clean"
            try:
                content_type = await self._picture_check.clean_copy(source, clean)
            except PictureRefused as error:
                log.warning("reference.left_out", asset_id=str(hero.asset_id), reason=error.message)
                return None
            ref = await self._blobs.put_file(clean)
        return ReferencePicture(ref.sha256, content_type, ref.size_bytes)

    async def _clip(self, work: SceneWork, bought: list[Purchase]) -> tuple[StoredClip, bool]:
        with tempfile.TemporaryDirectory(dir=self._scratch_dir, prefix="bought-") as folder:
            media = tuple([await self._medium(one, Path(folder)) for one in bought])
            spec = await self._describe.spec(
                work.request, work.layout, work.number, bought=media, spoken_frames=work.spoken_frames
            )
            return await self._draw.clip(work, spec)

    async def _medium(self, purchase: Purchase, folder: Path) -> Medium:
        output = purchase.output
        assert output is not None, "obtained means stored"
        ref = BlobRef(output.sha256, output.size_bytes)
        path = self._blobs.local_path(ref)
        if path is None:
            path = folder / f"{output.sha256}.mp4"
            await self._blobs.fetch_to(ref, path)
        return Medium(key=output.sha256, path=path, kind=MediumKind.VIDEO)
