"""Jobs as rows: loaded whole, written only where the version is the one that was loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from adreel_kit.db import Connection, Row

from adreel_jobs.adapters.postgres.documents import (
    error_document,
    input_document,
    read_cost_line,
    read_error,
    read_input,
    read_progress,
    read_render,
    read_storyboard,
    read_writing,
    render_document,
    writing_document,
)
from adreel_jobs.domain.cost import Bill, CostLine, total_micros
from adreel_jobs.domain.errors import ChangedMeanwhile
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_parts import AssetOrigin, AssetStatus, JobAsset
from adreel_jobs.domain.ports import RequestMark
from adreel_jobs.domain.status import LIVE, JobStatus, Phase, Step

CHANNEL = "job_changes"

_INSERT = """
INSERT INTO jobs (id, client_id, campaign_id, input, request_key, request_fingerprint, status, phase, version,
                  progress, storyboard, writing, locked_scenes, estimate, estimated_micros)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (request_key) DO NOTHING RETURNING id
"""

_UPDATE = """
UPDATE jobs SET status = $3, phase = $4, version = $5, progress = $6, storyboard = $7, writing = $8, render = $9,
    locked_scenes = $10, error = $11, failed_step = $12, has_video = $13, video_duration_seconds = $14,
    cancel_reason = $15, reserved_micros = CASE WHEN $16 THEN 0 ELSE reserved_micros END,
    heard_at = now(), nudges = 0, updated_at = now()
WHERE id = $1 AND version = $2 RETURNING id
"""

# One condition per step, with its patience in seconds; the partial index of the table covers them all.
_SILENT = """
SELECT id FROM jobs
WHERE (status = 'pending' AND phase = 'ingesting_assets' AND heard_at < now() - $1::interval)
   OR (status = 'pending' AND phase <> 'ingesting_assets' AND heard_at < now() - $2::interval)
   OR (status = 'storyboard_review' AND writing IS NOT NULL AND heard_at < now() - $2::interval)
   OR (status = 'in_progress' AND heard_at < now() - $3::interval)
   OR (status = 'rendering' AND heard_at < now() - $4::interval)
ORDER BY heard_at LIMIT $5 FOR UPDATE SKIP LOCKED
"""


class PostgresJobs:
    """The JobStore over PostgreSQL."""

    async def insert(
        self, conn: Connection, job: Job, *, mark: RequestMark | None, estimate: Sequence[CostLine] | None
    ) -> bool:
        inserted = await conn.fetchval(
            _INSERT,
            job.id,
            job.client_id,
            job.campaign_id,
            input_document(job.input),
            mark.key if mark else None,
            mark.fingerprint if mark else None,
            job.status,
            job.phase,
            job.version,
            asdict(job.progress),
            asdict(job.storyboard),
            writing_document(job.writing),
            [],
            None if estimate is None else [asdict(line) for line in estimate],
            None if estimate is None else total_micros(estimate, state="estimated"),
        )
        if inserted is None:
            return False
        await self._write_assets(conn, job)
        await self._write_history(conn, job)
        return True

    async def load(self, conn: Connection, job_id: UUID, *, for_update: bool = False) -> Job | None:
        lock = "FOR UPDATE" if for_update else ""
        row = await conn.fetchrow(
            f"SELECT *, coalesce(approval_until > now(), false) AS is_being_approved FROM jobs WHERE id = $1 {lock}",
            job_id,
        )
        if row is None:
            return None
        assets = await conn.fetch("SELECT * FROM job_assets WHERE job_id = $1 ORDER BY position", job_id)
        return read_job(row, assets)

    async def save(self, conn: Connection, job: Job) -> None:
        written = await conn.fetchval(
            _UPDATE,
            job.id,
            job.loaded_version,
            job.status,
            job.phase,
            job.version,
            asdict(job.progress),
            asdict(job.storyboard),
            writing_document(job.writing),
            render_document(job.render),
            [dict(scene) for scene in job.locked_scenes],
            error_document(job.error),
            job.failed_step,
            job.has_video,
            job.video_duration_seconds,
            job.cancel_reason,
            # What an ended render did not spend is free again.
            job.has_ended,
        )
        if written is None:
            raise ChangedMeanwhile()
        await self._write_assets(conn, job)
        await self._write_history(conn, job)
        job.loaded_version = job.version

    async def find_by_mark(self, conn: Connection, key: str) -> tuple[UUID, str] | None:
        row = await conn.fetchrow("SELECT id, request_fingerprint FROM jobs WHERE request_key = $1", key)
        return None if row is None else (row["id"], row["request_fingerprint"])

    async def claim_approval(self, conn: Connection, job_id: UUID, token: UUID, ttl: timedelta) -> None:
        await conn.execute(
            "UPDATE jobs SET approval_token = $2, approval_until = now() + $3 WHERE id = $1", job_id, token, ttl
        )

    async def holds_approval(self, conn: Connection, job_id: UUID, token: UUID) -> bool:
        held = await conn.fetchval("SELECT 1 FROM jobs WHERE id = $1 AND approval_token = $2", job_id, token)
        return held is not None

    async def release_approval(self, conn: Connection, job_id: UUID, token: UUID) -> None:
        await conn.execute(
            "UPDATE jobs SET approval_token = NULL, approval_until = NULL WHERE id = $1 AND approval_token = $2",
            job_id,
            token,
        )

    async def set_estimate(self, conn: Connection, job_id: UUID, lines: Sequence[CostLine]) -> None:
        await conn.execute(
            "UPDATE jobs SET estimate = $2, estimated_micros = $3 WHERE id = $1",
            job_id,
            [asdict(line) for line in lines],
            total_micros(lines, state="estimated"),
        )

    async def estimate(self, conn: Connection, job_id: UUID) -> Sequence[CostLine] | None:
        lines = await conn.fetchval("SELECT estimate FROM jobs WHERE id = $1", job_id)
        return None if lines is None else [read_cost_line(line) for line in lines]

    async def reserve(self, conn: Connection, job_id: UUID, micros: int) -> None:
        await conn.execute("UPDATE jobs SET reserved_micros = $2 WHERE id = $1", job_id, micros)

    async def record_bill(self, conn: Connection, job_id: UUID, bill: Bill) -> None:
        # A call whose outcome was unknown is settled by a later bill of the same source.
        await conn.executemany(
            "INSERT INTO job_bill_lines (job_id, bill_group, source, line, is_whole, kind, description, provider, "
            "model, quantity, unit, amount_micros, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
            "$13) ON CONFLICT (job_id, source, line) DO UPDATE SET amount_micros = excluded.amount_micros, "
            "state = excluded.state, quantity = excluded.quantity "
            "WHERE job_bill_lines.state = 'unknown' AND excluded.state <> 'unknown'",
            [
                (
                    job_id,
                    bill.group,
                    bill.source,
                    number,
                    bill.is_whole,
                    line.kind,
                    line.description,
                    line.provider,
                    line.model,
                    line.quantity,
                    line.unit,
                    line.amount_micros,
                    line.state,
                )
                for number, line in enumerate(bill.lines)
            ],
        )

    async def live_ids(self, conn: Connection, *, client_id: UUID | None, campaign_id: UUID | None) -> list[UUID]:
        rows = await conn.fetch(
            "SELECT id FROM jobs WHERE status = ANY($1) AND ($2::uuid IS NULL OR client_id = $2) "
            "AND ($3::uuid IS NULL OR campaign_id = $3) ORDER BY id",
            [status.value for status in LIVE],
            client_id,
            campaign_id,
        )
        return [row["id"] for row in rows]

    async def take_silent(self, conn: Connection, patience: Mapping[Step, timedelta], *, limit: int) -> list[UUID]:
        rows = await conn.fetch(
            _SILENT, patience[Step.INGEST], patience[Step.WRITE], patience[Step.LOCK], patience[Step.RENDER], limit
        )
        return [row["id"] for row in rows]

    async def nudges(self, conn: Connection, job_id: UUID) -> int:
        count: int = await conn.fetchval("SELECT nudges FROM jobs WHERE id = $1", job_id)
        return count

    async def count_nudge(self, conn: Connection, job_id: UUID) -> None:
        await conn.execute("UPDATE jobs SET nudges = nudges + 1, heard_at = now() WHERE id = $1", job_id)

    async def _write_assets(self, conn: Connection, job: Job) -> None:
        rows = [
            (
                job.id,
                asset.asset_id,
                position,
                asset.origin,
                asset.status,
                asset.role,
                asset.name,
                asset.type,
                asset.source_url,
                error_document(asset.error),
                None if asset.facts is None else dict(asset.facts),
            )
            for position, asset in enumerate(job.assets)
        ]
        if rows and (job.loaded_version == 0 or job.are_assets_changed):
            await conn.executemany(
                "INSERT INTO job_assets (job_id, asset_id, position, origin, status, role, name, type, source_url, "
                "error, facts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
                "ON CONFLICT (job_id, asset_id) DO UPDATE SET status = excluded.status, role = excluded.role, "
                "name = excluded.name, type = excluded.type, error = excluded.error, facts = excluded.facts",
                rows,
            )

    async def _write_history(self, conn: Connection, job: Job) -> None:
        if not job.changes:
            return
        await conn.executemany(
            "INSERT INTO job_changes (job_id, version, kind, status, phase, progress, scene_number) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [(job.id, c.version, c.kind, c.status, c.phase, asdict(c.progress), c.scene_number) for c in job.changes],
        )
        await conn.executemany(
            "INSERT INTO job_transitions (job_id, version, from_status, to_status, cause) VALUES ($1, $2, $3, $4, $5)",
            [(job.id, m.version, m.from_status, m.to_status, m.cause) for m in job.moves],
        )
        await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, str(job.id))


def read_job(row: Row, assets: Sequence[Row]) -> Job:
    """The aggregate of a row of `jobs` and its assets."""
    return Job(
        id=row["id"],
        client_id=row["client_id"],
        campaign_id=row["campaign_id"],
        input=read_input(row["input"]),
        assets=tuple(_read_asset(asset) for asset in assets),
        status=JobStatus(row["status"]),
        phase=None if row["phase"] is None else Phase(row["phase"]),
        version=row["version"],
        loaded_version=row["version"],
        progress=read_progress(row["progress"]),
        storyboard=read_storyboard(row["storyboard"]),
        writing=read_writing(row["writing"]),
        render=read_render(row["render"]),
        locked_scenes=tuple(row["locked_scenes"]),
        error=read_error(row["error"]),
        failed_step=None if row["failed_step"] is None else Step(row["failed_step"]),
        has_video=row["has_video"],
        video_duration_seconds=row["video_duration_seconds"],
        is_being_approved=row["is_being_approved"],
        cancel_reason=row["cancel_reason"],
    )


def _read_asset(row: Row) -> JobAsset:
    return JobAsset(
        asset_id=row["asset_id"],
        origin=AssetOrigin(row["origin"]),
        status=AssetStatus(row["status"]),
        role=row["role"],
        name=row["name"],
        type=row["type"],
        source_url=row["source_url"],
        error=read_error(row["error"]),
        facts=row["facts"],
    )
