"""Reads: one job, lists, figures. A list that is filtered by something outside the scope is NOT_FOUND."""

from uuid import UUID

from adreel_kit.db import Connection, Database
from adreel_kit.ids import parse_id

from adreel_jobs.domain.campaign import Campaign, CampaignStatus
from adreel_jobs.domain.client import Client
from adreel_jobs.domain.errors import JobNotFound
from adreel_jobs.domain.field_checks import FieldChecks
from adreel_jobs.domain.ports import Stores
from adreel_jobs.domain.status import JobStatus
from adreel_jobs.domain.views import JobView, Page, PageRequest, Stats
from adreel_jobs.usecases.scope import scope_id, visible_campaign, visible_client

_DEFAULT_LIMIT = 50
_MOST_LIMIT = 200
_QUERY_CHARACTERS = 200
_NOBODY = UUID(int=0)


class Queries:
    """All reads of the service but watching."""

    def __init__(self, database: Database, stores: Stores) -> None:
        self._database = database
        self._stores = stores

    async def job(self, job_id: str, scope: str) -> JobView:
        """Raises JobNotFound."""
        parsed = parse_id(job_id)
        async with self._database.connection() as conn:
            view = None if parsed is None else await self._stores.queries.get(conn, parsed)
            only = await scope_id(conn, self._stores, scope)
        if view is None or only not in (None, view.job.client_id):
            raise JobNotFound(job_id)
        return view

    async def jobs(
        self, *, client_id: str, campaign_id: str, status: JobStatus | None, page: PageRequest, scope: str
    ) -> Page[JobView]:
        """Raises FieldsInvalid; ClientNotFound and CampaignNotFound for a scoped caller alone."""
        page = _checked(page)
        async with self._database.connection() as conn:
            owner = await self._client_filter(conn, client_id, scope)
            campaign: UUID | None = None
            if campaign_id:
                campaign = parse_id(campaign_id) or _NOBODY
                if scope:
                    campaign = (await visible_campaign(conn, self._stores, campaign_id, scope)).id
            return await self._stores.queries.list(
                conn, client_id=owner, campaign_id=campaign, status=status, page=page
            )

    async def client(self, client_id: str, scope: str) -> Client:
        """Raises ClientNotFound."""
        async with self._database.connection() as conn:
            return await visible_client(conn, self._stores, client_id, scope)

    async def clients(self, *, query: str, page: PageRequest, scope: str) -> Page[Client]:
        """Raises FieldsInvalid."""
        page = _checked(page, query)
        async with self._database.connection() as conn:
            only = await scope_id(conn, self._stores, scope)
            return await self._stores.clients.list(conn, query=query.strip(), only_id=only, page=page)

    async def campaign(self, campaign_id: str, scope: str) -> Campaign:
        """Raises CampaignNotFound."""
        async with self._database.connection() as conn:
            return await visible_campaign(conn, self._stores, campaign_id, scope)

    async def campaigns(
        self, *, client_id: str, status: CampaignStatus | None, query: str, page: PageRequest, scope: str
    ) -> Page[Campaign]:
        """Raises FieldsInvalid; ClientNotFound for a scoped caller alone."""
        page = _checked(page, query)
        async with self._database.connection() as conn:
            owner = await self._client_filter(conn, client_id, scope)
            return await self._stores.campaigns.list(
                conn, client_id=owner, status=status, query=query.strip(), page=page
            )

    async def client_stats(self, client_id: str, scope: str) -> tuple[UUID, Stats]:
        """Raises ClientNotFound."""
        async with self._database.connection() as conn:
            client = await visible_client(conn, self._stores, client_id, scope)
            return client.id, await self._stores.queries.stats(conn, client_id=client.id, campaign_id=None)

    async def campaign_stats(self, campaign_id: str, scope: str) -> Stats:
        """Raises CampaignNotFound."""
        async with self._database.connection() as conn:
            campaign = await visible_campaign(conn, self._stores, campaign_id, scope)
            return await self._stores.queries.stats(conn, client_id=None, campaign_id=campaign.id)

    async def _client_filter(self, conn: Connection, client_id: str, scope: str) -> UUID | None:
        """The client whose rows a list may show; None for all. A client that is not there has none."""
        if scope:
            return (await visible_client(conn, self._stores, client_id or scope, scope)).id
        if not client_id:
            return None
        client = await self._stores.clients.find(conn, client_id)
        # Jobs of a deleted client are still found by its id.
        return (parse_id(client_id) or _NOBODY) if client is None else client.id


def _checked(page: PageRequest, query: str = "") -> PageRequest:
    checks = FieldChecks()
    if not 0 <= page.limit <= _MOST_LIMIT:
        checks.add("limit", f"Taken are 1 to {_MOST_LIMIT}.")
    if page.offset < 0:
        checks.add("offset", "Taken are 0 and more.")
    checks.text("q", query, most=_QUERY_CHARACTERS)
    checks.finish()
    return PageRequest(page.limit or _DEFAULT_LIMIT, page.offset, page.cursor)
