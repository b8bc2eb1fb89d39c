"""A cancelled job wants no assets any more: its downloads stop, unless another job waits for the same asset."""

import uuid

from adreel_kit import work_items
from adreel_kit.bus import Message, Outcome
from adreel_kit.db import Connection

from adreel_assets.adapters.postgres import assets
from adreel_assets.domain.errors import AssetUnreachable
from adreel_assets.domain.events import JobCancelled
from adreel_assets.usecases.ingest import order_download


async def cancel_ingest(message: Message[JobCancelled]) -> Outcome:
    """Handles `job.cancelled.v1`."""
    conn, job_id = message.conn, message.event.job_id
    await work_items.cancel(conn, subject=str(job_id))
    for asset_id, url, other_job_id in await assets.awaited_by(conn, job_id):
        if other_job_id is None:
            await _give_up(conn, asset_id)
        else:
            # The download was this job's; it begins anew as the other's.
            await order_download(conn, asset_id, url, subject=str(other_job_id), round_id=message.message_id)
    await assets.release_uses(conn, job_id)
    return None


async def _give_up(conn: Connection, asset_id: uuid.UUID) -> None:
    # Nobody is told, for nobody waits; as a failed one it can be fetched again when the job is taken up again.
    reason = AssetUnreachable("The job was cancelled before this asset was fetched.")
    facts = reason.facts()
    await assets.mark_failed(conn, asset_id, facts.as_dict() | {"http_status": facts.http_status})
