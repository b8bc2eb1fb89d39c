"""From whatever names a client to the client's own id: assets are kept by it alone."""

from adreel_kit.errors import ErrorKind, RemoteError
from adreel_kit.ids import parse_id

from adreel_gateway.adapters.jobs_client import JobsClient


async def resolve_client(jobs: JobsClient, reference: str, *, scope: str) -> str:
    """The id of an existing client. Raises RemoteError (not found) where there is none, or none for this caller."""
    return (await jobs.get_client(reference, scope=scope)).id


async def resolve_filter(jobs: JobsClient, reference: str | None, *, scope: str) -> str | None:
    """The id to filter by: empty for no filter, None where the filter names nobody, so that nothing can match."""
    if not reference:
        return ""
    try:
        return await resolve_client(jobs, reference, scope=scope)
    except RemoteError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None


async def check_owner(jobs: JobsClient, *, client: str | None, campaign: str | None, scope: str) -> tuple[str, str]:
    """The client's and campaign's ids that a new thing belongs to, checked to exist for this caller.

    A bound key's things belong to its client; a campaign's things belong to the campaign's client.
    """
    client_id = await resolve_client(jobs, client, scope=scope) if client else scope
    if not campaign or parse_id(campaign) is None:
        return client_id, ""
    found = await jobs.get_campaign(campaign, scope=scope)
    return client_id or found.client_id, found.id
