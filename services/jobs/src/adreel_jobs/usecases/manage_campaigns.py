"""Campaigns: create, replace, delete."""

from dataclasses import dataclass
from uuid import UUID

from adreel_kit.db import Connection, Database
from adreel_kit.ids import new_id

from adreel_jobs.domain.campaign import Campaign, CampaignFields, check_campaign
from adreel_jobs.domain.errors import CampaignInUse, FieldProblem, FieldsInvalid
from adreel_jobs.domain.ports import Stores
from adreel_jobs.usecases.cancel_jobs import JobCanceller
from adreel_jobs.usecases.request_keys import request_key
from adreel_jobs.usecases.scope import visible_campaign, visible_client

# A job made or retried while the others were being cancelled is cancelled in the next round.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class DeleteCampaign:
    """The command; with `force` its live jobs are cancelled."""

    campaign_id: str
    force: bool
    scope: str


class CampaignManager:
    """Runs the commands on campaigns."""

    def __init__(self, database: Database, stores: Stores, canceller: JobCanceller) -> None:
        self._database = database
        self._stores = stores
        self._canceller = canceller

    async def create(self, client_id: str, fields: CampaignFields, scope: str, request_id: str = "") -> Campaign:
        """The campaign made now, or by the first request of this id. Raises FieldsInvalid, ClientNotFound."""
        if not client_id.strip():
            raise FieldsInvalid([FieldProblem("clientId", "This is required.")])
        check_campaign(fields)
        key = request_key(scope, request_id)
        campaign_id = new_id()
        async with self._database.transaction() as conn:
            client = await visible_client(conn, self._stores, client_id.strip(), scope, for_update=True)
            known = await self._stores.requests.remember(conn, key, campaign_id) if key else None
            if known is not None:
                return await visible_campaign(conn, self._stores, str(known), scope)
            await self._stores.campaigns.insert(conn, campaign_id, client.id, fields)
            return await self._stored(conn, campaign_id)

    async def replace(self, campaign_id: str, client_id: str, fields: CampaignFields, scope: str) -> Campaign:
        """Raises FieldsInvalid, CampaignNotFound, ClientNotFound. Its client cannot be another one."""
        async with self._database.transaction() as conn:
            campaign = await visible_campaign(conn, self._stores, campaign_id, scope, for_update=True)
            if client_id.strip():
                client = await visible_client(conn, self._stores, client_id.strip(), scope)
                if client.id != campaign.client_id:
                    raise FieldsInvalid([FieldProblem("clientId", "A campaign cannot move to another client.")])
            check_campaign(fields)
            await self._stores.campaigns.replace(conn, campaign.id, fields)
            return await self._stored(conn, campaign.id)

    async def delete(self, command: DeleteCampaign) -> UUID:
        """Raises CampaignNotFound, CampaignInUse."""
        async with self._database.connection() as conn:
            campaign = await visible_campaign(conn, self._stores, command.campaign_id, command.scope)
        for _ in range(_ROUNDS if command.force else 1):
            if command.force:
                await self._canceller.cancel_all(campaign_id=campaign.id, reason="the campaign was deleted")
            async with self._database.transaction() as conn:
                await visible_campaign(conn, self._stores, command.campaign_id, command.scope, for_update=True)
                live = await self._stores.jobs.live_ids(conn, client_id=None, campaign_id=campaign.id)
                if not live:
                    await self._stores.campaigns.delete(conn, campaign.id)
                    return campaign.id
        raise CampaignInUse(len(live))

    async def _stored(self, conn: Connection, campaign_id: UUID) -> Campaign:
        campaign = await self._stores.campaigns.find(conn, campaign_id)
        if campaign is None:
            raise RuntimeError("a campaign is there once it was written")
        return campaign
