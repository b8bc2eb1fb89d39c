"""Reads for answers: a job with its cost and timeline, lists, changes to watch, figures."""

from collections.abc import Sequence
from uuid import UUID

from adreel_kit.db import Connection, Row

from adreel_jobs.adapters.postgres.documents import read_cost_line, read_progress
from adreel_jobs.adapters.postgres.jobs import read_job
from adreel_jobs.adapters.postgres.pages import fetch_page
from adreel_jobs.domain.cost import Cost, CostLine
from adreel_jobs.domain.job_parts import Change, ChangeKind
from adreel_jobs.domain.status import ENDED, JobStatus, Phase
from adreel_jobs.domain.views import JobView, Page, PageRequest, Stats, TimelineEntry, Watched

_COLUMNS = """
t.*, coalesce(t.approval_until > now(), false) AS is_being_approved,
(SELECT coalesce(sum(c.amount_micros), 0)::bigint FROM job_cost_lines c
 WHERE c.job_id = t.id AND c.state = 'actual') AS actual_micros
"""

_STATS = """
SELECT (SELECT count(*) FROM campaigns WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR client_id = $1)
            AND ($2::uuid IS NULL OR id = $2)) AS campaigns,
       coalesce(sum(video_duration_seconds) FILTER (WHERE has_video), 0) AS seconds_rendered,
       coalesce(sum(estimated_micros), 0)::bigint AS estimated_micros,
       coalesce(sum((SELECT sum(c.amount_micros) FROM job_cost_lines c
                     WHERE c.job_id = jobs.id AND c.state = 'actual')), 0)::bigint AS actual_micros
FROM jobs WHERE ($1::uuid IS NULL OR client_id = $1) AND ($2::uuid IS NULL OR campaign_id = $2)
"""

# What is reserved counts until the render's own bills have used it up.
_COMMITTED = """
SELECT coalesce(sum(spent + greatest(reserved_micros - rendered, 0)), 0)::bigint FROM (
    SELECT j.reserved_micros,
           (SELECT coalesce(sum(c.amount_micros), 0) FROM job_cost_lines c
            WHERE c.job_id = j.id AND c.state <> 'estimated') AS spent,
           (SELECT coalesce(sum(c.amount_micros), 0) FROM job_cost_lines c
            WHERE c.job_id = j.id AND c.state <> 'estimated'
              AND c.bill_group = 'render:' || (j.render ->> 'render_id')) AS rendered
    FROM jobs j WHERE ($1::uuid IS NULL OR j.client_id = $1) AND ($2::uuid IS NULL OR j.id = $2)
) AS figures
"""


class PostgresJobQueries:
    """The JobQueries over PostgreSQL."""

    async def get(self, conn: Connection, job_id: UUID) -> JobView | None:
        row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM jobs t WHERE t.id = $1", job_id)
        if row is None:
            return None
        assets = await conn.fetch("SELECT * FROM job_assets WHERE job_id = $1 ORDER BY position", job_id)
        lines = await conn.fetch(
            "SELECT kind, description, provider, model, quantity, unit, amount_micros, state FROM job_cost_lines "
            "WHERE job_id = $1 ORDER BY at, source, line",
            job_id,
        )
        timeline = await conn.fetch("SELECT * FROM job_transitions WHERE job_id = $1 ORDER BY version", job_id)
        return _view(row, assets, [CostLine(**line) for line in lines], timeline)

    async def list(
        self,
        conn: Connection,
        *,
        client_id: UUID | None,
        campaign_id: UUID | None,
        status: str | None,
        page: PageRequest,
    ) -> Page[JobView]:
        return await fetch_page(
            conn,
            select=_COLUMNS,
            table="jobs",
            where="($1::uuid IS NULL OR t.client_id = $1) AND ($2::uuid IS NULL OR t.campaign_id = $2) "
            "AND ($3::text IS NULL OR t.status = $3)",
            parameters=(client_id, campaign_id, status),
            page=page,
            read=lambda row: _view(row, (), (), ()),
        )

    async def client_of(self, conn: Connection, job_id: UUID) -> UUID | None:
        client_id: UUID | None = await conn.fetchval("SELECT client_id FROM jobs WHERE id = $1", job_id)
        return client_id

    async def watch(self, conn: Connection, job_id: UUID, after_version: int, *, limit: int) -> Watched | None:
        rows = await conn.fetch(
            "SELECT j.status AS now_status, j.version AS now_version, c.* FROM jobs j "
            "LEFT JOIN job_changes c ON c.job_id = j.id AND c.version > $2 "
            "WHERE j.id = $1 ORDER BY c.version LIMIT $3",
            job_id,
            after_version,
            limit,
        )
        if not rows:
            return None
        return Watched(
            has_ended=JobStatus(rows[0]["now_status"]) in ENDED,
            version=rows[0]["now_version"],
            changes=tuple(_change(row) for row in rows if row["version"] is not None),
        )

    async def stats(self, conn: Connection, *, client_id: UUID | None, campaign_id: UUID | None) -> Stats:
        row = await conn.fetchrow(_STATS, client_id, campaign_id)
        counts = await conn.fetch(
            "SELECT status, count(*) AS jobs FROM jobs WHERE ($1::uuid IS NULL OR client_id = $1) "
            "AND ($2::uuid IS NULL OR campaign_id = $2) GROUP BY status",
            client_id,
            campaign_id,
        )
        if row is None:
            raise RuntimeError("an aggregate always has a row")
        return Stats(
            campaigns=row["campaigns"],
            jobs_by_status={status.value: 0 for status in JobStatus} | {c["status"]: c["jobs"] for c in counts},
            seconds_rendered=row["seconds_rendered"],
            estimated_micros=row["estimated_micros"],
            actual_micros=row["actual_micros"],
        )

    async def committed_micros(self, conn: Connection, *, client_id: UUID | None, job_id: UUID | None) -> int:
        micros: int = await conn.fetchval(_COMMITTED, client_id, job_id)
        return micros


def _view(row: Row, assets: Sequence[Row], billed: Sequence[CostLine], timeline: Sequence[Row]) -> JobView:
    estimate = [read_cost_line(line) for line in row["estimate"] or ()]
    return JobView(
        job=read_job(row, assets),
        cost=Cost(row["estimated_micros"], row["actual_micros"], (*estimate, *billed)),
        timeline=tuple(
            TimelineEntry(one["at"], JobStatus(one["from_status"]), JobStatus(one["to_status"]), one["cause"])
            for one in timeline
        ),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _change(row: Row) -> Change:
    return Change(
        version=row["version"],
        kind=ChangeKind(row["kind"]),
        status=JobStatus(row["status"]),
        phase=None if row["phase"] is None else Phase(row["phase"]),
        progress=read_progress(row["progress"]),
        scene_number=row["scene_number"],
    )
