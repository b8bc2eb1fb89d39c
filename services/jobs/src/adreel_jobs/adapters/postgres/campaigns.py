"""Campaigns as rows. A deleted one keeps its row for the jobs that name it."""

from collections.abc import Sequence
from uuid import UUID

from adreel_kit.db import Connection, Row

from adreel_jobs.adapters.postgres.pages import fetch_page, like
from adreel_jobs.domain.campaign import Campaign, CampaignFields, CampaignStatus
from adreel_jobs.domain.views import Page, PageRequest


class PostgresCampaigns:
    """The CampaignStore over PostgreSQL."""

    async def insert(self, conn: Connection, campaign_id: UUID, client_id: UUID, fields: CampaignFields) -> None:
        await conn.execute(
            "INSERT INTO campaigns (id, client_id, name, goal, status, brief, product_url, metadata) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            campaign_id,
            client_id,
            *_columns(fields),
        )

    async def find(self, conn: Connection, campaign_id: UUID, *, for_update: bool = False) -> Campaign | None:
        row = await conn.fetchrow(
            "SELECT * FROM campaigns WHERE id = $1 AND deleted_at IS NULL" + (" FOR UPDATE" if for_update else ""),
            campaign_id,
        )
        return None if row is None else _read(row)

    async def fields_of(self, conn: Connection, campaign_id: UUID) -> CampaignFields | None:
        row = await conn.fetchrow("SELECT * FROM campaigns WHERE id = $1", campaign_id)
        return None if row is None else _read(row).fields

    async def list(
        self,
        conn: Connection,
        *,
        client_id: UUID | None,
        status: CampaignStatus | None,
        query: str,
        page: PageRequest,
    ) -> Page[Campaign]:
        return await fetch_page(
            conn,
            select="t.*",
            table="campaigns",
            where="t.deleted_at IS NULL AND ($1::uuid IS NULL OR t.client_id = $1) "
            "AND ($2::text IS NULL OR t.status = $2) AND ($3::text IS NULL OR t.name ILIKE $3)",
            parameters=(client_id, status, like(query) if query else None),
            page=page,
            read=_read,
        )

    async def ids_of(self, conn: Connection, client_id: UUID) -> Sequence[UUID]:
        rows = await conn.fetch("SELECT id FROM campaigns WHERE client_id = $1 AND deleted_at IS NULL", client_id)
        return [row["id"] for row in rows]

    async def replace(self, conn: Connection, campaign_id: UUID, fields: CampaignFields) -> None:
        await conn.execute(
            "UPDATE campaigns SET name = $2, goal = $3, status = $4, brief = $5, product_url = $6, metadata = $7, "
            "updated_at = now() WHERE id = $1",
            campaign_id,
            *_columns(fields),
        )

    async def delete(self, conn: Connection, campaign_id: UUID) -> None:
        await conn.execute("UPDATE campaigns SET deleted_at = now() WHERE id = $1", campaign_id)


def _columns(fields: CampaignFields) -> tuple[object, ...]:
    return fields.name, fields.goal, fields.status, fields.brief, fields.product_url, dict(fields.metadata)


def _read(row: Row) -> Campaign:
    return Campaign(
        id=row["id"],
        client_id=row["client_id"],
        fields=CampaignFields(
            name=row["name"],
            goal=row["goal"],
            status=CampaignStatus(row["status"]),
            brief=row["brief"],
            product_url=row["product_url"],
            metadata=row["metadata"],
        ),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
