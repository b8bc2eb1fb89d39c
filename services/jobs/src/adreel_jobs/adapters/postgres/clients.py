"""Clients as rows. A deleted one keeps its row for the jobs that name it, and is found by nothing else."""

from dataclasses import asdict
from uuid import UUID

from adreel_kit.db import Connection, Row
from adreel_kit.ids import parse_id

from adreel_jobs.adapters.postgres.pages import fetch_page, like
from adreel_jobs.domain.client import BrandGuidelines, Client, ClientFields
from adreel_jobs.domain.field_checks import has_control_characters
from adreel_jobs.domain.views import Page, PageRequest


class PostgresClients:
    """The ClientStore over PostgreSQL."""

    async def insert(self, conn: Connection, client_id: UUID, external_id: str, fields: ClientFields) -> bool:
        inserted = await conn.fetchval(
            "INSERT INTO clients (id, external_id, name, description, homepage, brand, metadata) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
            client_id,
            external_id or None,
            *_columns(fields),
        )
        return inserted is not None

    async def find(self, conn: Connection, text: str, *, for_update: bool = False) -> Client | None:
        if not text or has_control_characters(text):
            return None
        # An external id may look like the id of another client; the id wins.
        row = await conn.fetchrow(
            "SELECT * FROM clients WHERE deleted_at IS NULL AND (id = $1 OR external_id = $2) "
            "ORDER BY id = $1 DESC NULLS LAST LIMIT 1" + (" FOR UPDATE" if for_update else ""),
            parse_id(text),
            text,
        )
        return None if row is None else _read(row)

    async def brand_of(self, conn: Connection, client_id: UUID) -> ClientFields:
        row = await conn.fetchrow("SELECT * FROM clients WHERE id = $1", client_id)
        if row is None:
            raise LookupError(f"client {client_id} has no row although a job names it")
        return _read(row).fields

    async def list(self, conn: Connection, *, query: str, only_id: UUID | None, page: PageRequest) -> Page[Client]:
        return await fetch_page(
            conn,
            select="t.*",
            table="clients",
            where="t.deleted_at IS NULL AND ($1::text IS NULL OR t.name ILIKE $1 OR t.external_id ILIKE $1) "
            "AND ($2::uuid IS NULL OR t.id = $2)",
            parameters=(like(query) if query else None, only_id),
            page=page,
            read=_read,
        )

    async def replace(self, conn: Connection, client_id: UUID, fields: ClientFields) -> None:
        await conn.execute(
            "UPDATE clients SET name = $2, description = $3, homepage = $4, brand = $5, metadata = $6, "
            "updated_at = now() WHERE id = $1",
            client_id,
            *_columns(fields),
        )

    async def delete(self, conn: Connection, client_id: UUID) -> None:
        await conn.execute("UPDATE clients SET deleted_at = now() WHERE id = $1", client_id)


def _columns(fields: ClientFields) -> tuple[object, ...]:
    brand = None if fields.brand is None else asdict(fields.brand)
    return fields.name, fields.description, fields.homepage, brand, dict(fields.metadata)


def _read(row: Row) -> Client:
    brand = row["brand"]
    return Client(
        id=row["id"],
        external_id=row["external_id"] or "",
        fields=ClientFields(
            name=row["name"],
            description=row["description"],
            homepage=row["homepage"],
            brand=None
            if brand is None
            else BrandGuidelines(tuple(brand["colors"]), tuple(brand["fonts"]), brand["tone"], brand["logo_asset_id"]),
            metadata=row["metadata"],
        ),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
