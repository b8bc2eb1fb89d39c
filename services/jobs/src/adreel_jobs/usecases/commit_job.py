"""Writes a job that verbs have changed and sends what they ordered, in the caller's transaction.

Requests are built here from the job's stored state alone (with its client's brand and its campaign), so the same
request can be sent again, word for word, when nobody answered it.
"""

from uuid import UUID

from adreel_kit import work_items
from adreel_kit.db import Connection
from adreel_kit.envelope import Event
from adreel_kit.ids import parse_id
from adreel_kit.outbox import Outbox

from adreel_jobs.domain.client import ClientFields
from adreel_jobs.domain.events import (
    AssetsIngestRequested,
    BrandPart,
    BriefPart,
    CampaignPart,
    ConstraintsPart,
    ErrorPart,
    IngestItem,
    JobCancelled,
    JobCreated,
    JobStatusChanged,
    ReadyAssetPart,
    RenderRequested,
    StoryboardRequested,
    VideoPart,
)
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_parts import AssetOrigin, AssetStatus, Order
from adreel_jobs.domain.ports import LockedStoryboard, Stores

ESTIMATE_WORK = "estimate"

# The writer needs the drift of what was said, not every word of a long quarrel.
_FEEDBACK_KEPT = 20


class JobCommitter:
    """Saves jobs and publishes their events; one per process, without state of its own."""

    def __init__(self, stores: Stores, outbox: Outbox) -> None:
        self._stores = stores
        self._outbox = outbox

    async def commit(self, conn: Connection, job: Job) -> None:
        """Save `job`, tell of its moves and send its orders. Raises ChangedMeanwhile."""
        await self._stores.jobs.save(conn, job)
        await self.announce(conn, job)

    async def announce(self, conn: Connection, job: Job) -> None:
        """Publish what the verbs left behind; for a job that is stored already."""
        for move in job.moves:
            await self._publish(
                conn,
                job.id,
                JobStatusChanged(
                    job_id=job.id,
                    client_id=job.client_id,
                    campaign_id=job.campaign_id,
                    version=move.version,
                    from_status=move.from_status,
                    to_status=move.to_status,
                    phase=job.phase,
                    cause=move.cause,
                    error=_error(job),
                    webhook_url=job.input.webhook_url or None,
                ),
            )
        for order in job.orders:
            await self.send(conn, job, order)

    async def created(self, conn: Connection, job: Job) -> None:
        """Tell of a new job."""
        await self._publish(
            conn,
            job.id,
            JobCreated(
                job_id=job.id,
                client_id=job.client_id,
                campaign_id=job.campaign_id,
                user_id=job.input.context.user_id or None,
                video=_video(job),
            ),
        )

    async def send(self, conn: Connection, job: Job, order: Order) -> None:
        """Send one request; sending it again is harmless, for it carries the same ids."""
        match order:
            case Order.INGEST:
                await self._publish(conn, job.id, _ingest(job, AssetStatus.PENDING))
            case Order.HOLD:
                # Assets that are known already are announced again, which changes nothing here.
                if any(asset.status is AssetStatus.READY for asset in job.assets):
                    await self._publish(conn, job.id, _ingest(job, AssetStatus.READY))
            case Order.WRITE:
                await self._publish(conn, job.id, await self._write(conn, job))
            case Order.RENDER:
                await self._publish(conn, job.id, await self._render(conn, job))
            case Order.STOP:
                await work_items.cancel(conn, subject=str(job.id))
                await self._publish(
                    conn, job.id, JobCancelled(job_id=job.id, version=job.version, reason=job.cancel_reason)
                )
            case Order.ESTIMATE:
                await work_items.enqueue(
                    conn,
                    kind=ESTIMATE_WORK,
                    key=f"{job.id}:{job.storyboard.version}",
                    subject=str(job.id),
                    payload={"job_id": str(job.id)},
                    max_attempts=12,
                )

    async def _publish(self, conn: Connection, job_id: UUID, event: Event) -> None:
        await self._outbox.publish(event, conn, subject=str(job_id))

    async def _write(self, conn: Connection, job: Job) -> StoryboardRequested:
        writing = job.writing
        if writing is None:
            raise ValueError(f"job {job.id} has nothing to be written")
        campaign = None
        if job.campaign_id is not None:
            fields = await self._stores.campaigns.fields_of(conn, job.campaign_id)
            if fields is not None:
                campaign = CampaignPart(
                    name=fields.name,
                    goal=fields.goal or None,
                    brief=fields.brief or None,
                    product_url=fields.product_url or None,
                )
        constraints = writing.constraints
        return StoryboardRequested(
            job_id=job.id,
            request_id=writing.request_id,
            mode=writing.mode,
            scene_number=writing.scene_number,
            feedback=writing.feedback,
            feedback_history=job.storyboard.feedback[-_FEEDBACK_KEPT:],
            constraints=None
            if constraints is None
            else ConstraintsPart(
                duration_seconds=constraints.duration_seconds,
                style=constraints.style,
                shot_type=constraints.shot_type,
            ),
            client_id=job.client_id,
            brief=_brief(job),
            brand=_brand(await self._stores.clients.brand_of(conn, job.client_id), job),
            campaign=campaign,
            assets=_ready_assets(job, frozenset({AssetOrigin.BRIEF})),
            video=_video(job),
        )

    async def preview_request(self, conn: Connection, job: Job, board: LockedStoryboard) -> RenderRequested:
        """What a render of the storyboard as it stands would be asked for."""
        return await self._render_request(conn, job, job.id, board, accept_possible_duplicate=False)

    async def _render(self, conn: Connection, job: Job) -> RenderRequested:
        render = job.render
        if render is None:
            raise ValueError(f"job {job.id} has nothing to be rendered")
        board = LockedStoryboard(job.storyboard.version, tuple(job.locked_scenes))
        return await self._render_request(
            conn, job, render.render_id, board, accept_possible_duplicate=render.accept_possible_duplicate
        )

    async def _render_request(
        self, conn: Connection, job: Job, render_id: UUID, board: LockedStoryboard, *, accept_possible_duplicate: bool
    ) -> RenderRequested:
        return RenderRequested(
            job_id=job.id,
            render_id=render_id,
            client_id=job.client_id,
            storyboard_version=board.version,
            scenes=board.scenes,
            assets=_ready_assets(job, frozenset(AssetOrigin)),
            brief=_brief(job),
            brand=_brand(await self._stores.clients.brand_of(conn, job.client_id), job),
            video=_video(job),
            accept_possible_duplicate=accept_possible_duplicate,
        )


def _ingest(job: Job, status: AssetStatus) -> AssetsIngestRequested:
    return AssetsIngestRequested(
        job_id=job.id,
        client_id=job.client_id,
        campaign_id=job.campaign_id,
        user_id=job.input.context.user_id or None,
        items=tuple(
            IngestItem(
                asset_id=asset.asset_id,
                # One that is kept already is named, and not fetched again.
                url=(asset.source_url or None) if status is AssetStatus.PENDING else None,
                type=asset.type or None,
                name=asset.name or None,
                role=asset.role or None,
            )
            for asset in job.assets
            if asset.status is status
        ),
    )


def _ready_assets(job: Job, origins: frozenset[AssetOrigin]) -> tuple[ReadyAssetPart, ...]:
    return tuple(
        ReadyAssetPart.model_validate(
            {**asset.facts, "asset_id": asset.asset_id, "name": asset.name, "role": asset.role or None}
        )
        for asset in job.assets
        if asset.facts is not None and asset.origin in origins
    )


def _video(job: Job) -> VideoPart:
    video = job.input.video
    return VideoPart(
        duration_seconds=video.duration_seconds,
        aspect_ratio=video.aspect_ratio,
        resolution=video.resolution,
        fps=video.fps,
        captions=video.captions,
        voiceover=video.voiceover,
        music_asset_id=parse_id(video.music_asset_id),
        backend=video.backend,
    )


def _brief(job: Job) -> BriefPart:
    basics, direction = job.input.ad_basics, job.input.direction
    return BriefPart(
        product=basics.product,
        target_audience=basics.target_audience,
        key_message=basics.key_message,
        call_to_action=basics.call_to_action,
        style=direction.style or None,
        tone=direction.tone or None,
        visual_elements=direction.visual_elements,
    )


def _brand(client: ClientFields, job: Job) -> BrandPart:
    brand = client.brand
    if brand is None:
        return BrandPart(name=client.name)
    logo = parse_id(brand.logo_asset_id)
    ready = {asset.asset_id for asset in job.assets if asset.status is AssetStatus.READY}
    return BrandPart(
        name=client.name,
        colors=brand.colors,
        fonts=brand.fonts,
        tone=brand.tone or None,
        # Only a logo that this job has fetched can be drawn.
        logo_asset_id=logo if logo in ready else None,
    )


def _error(job: Job) -> ErrorPart | None:
    if job.error is None:
        return None
    return ErrorPart(code=job.error.code, message=job.error.message, details=job.error.details, kind=job.error.kind)
