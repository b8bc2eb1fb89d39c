"""Whose data a caller may see: a scope names the one client, by either of its ids; no scope sees all."""

from uuid import UUID

from adreel_kit.db import Connection
from adreel_kit.ids import parse_id

from adreel_jobs.domain.campaign import Campaign
from adreel_jobs.domain.client import Client
from adreel_jobs.domain.errors import CampaignNotFound, ClientNotFound, JobNotFound
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.ports import Stores

# An id that no client has: a scope whose client is gone sees nothing.
_NOBODY = UUID(int=0)


async def scope_id(conn: Connection, stores: Stores, scope: str) -> UUID | None:
    """The id of the client a scope names; None where there is no scope."""
    if not scope:
        return None
    client = await stores.clients.find(conn, scope)
    return _NOBODY if client is None else client.id


async def visible_client(
    conn: Connection, stores: Stores, client_id: str, scope: str, *, for_update: bool = False
) -> Client:
    """The client named by id or external id. Raises ClientNotFound, also where it is outside the scope."""
    client = await stores.clients.find(conn, client_id, for_update=for_update)
    only = await scope_id(conn, stores, scope)
    if client is None or only not in (None, client.id):
        raise ClientNotFound(client_id)
    return client


async def visible_campaign(
    conn: Connection, stores: Stores, campaign_id: str, scope: str, *, for_update: bool = False
) -> Campaign:
    """The campaign. Raises CampaignNotFound, also where it is outside the scope."""
    parsed = parse_id(campaign_id)
    campaign = None if parsed is None else await stores.campaigns.find(conn, parsed, for_update=for_update)
    only = await scope_id(conn, stores, scope)
    if campaign is None or only not in (None, campaign.client_id):
        raise CampaignNotFound(campaign_id)
    return campaign


async def visible_job(conn: Connection, stores: Stores, job_id: str, scope: str, *, for_update: bool = False) -> Job:
    """The job. Raises JobNotFound, also where it is outside the scope."""
    parsed = parse_id(job_id)
    job = None if parsed is None else await stores.jobs.load(conn, parsed, for_update=for_update)
    only = await scope_id(conn, stores, scope)
    if job is None or only not in (None, job.client_id):
        raise JobNotFound(job_id)
    return job
