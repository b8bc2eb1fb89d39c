"""Clients: create, replace, delete. A client is deleted when nothing needs it, or by force with what does."""

from dataclasses import dataclass
from uuid import UUID

from adreel_kit.db import Database
from adreel_kit.ids import new_id

from adreel_jobs.domain.client import Client, ClientFields, check_client
from adreel_jobs.domain.errors import ClientInUse, OutsideScope
from adreel_jobs.domain.ports import Stores
from adreel_jobs.usecases.cancel_jobs import JobCanceller
from adreel_jobs.usecases.request_keys import request_key
from adreel_jobs.usecases.scope import visible_client

# A job made or retried while the others were being cancelled is cancelled in the next round.
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class DeleteClient:
    """The command; with `force` its campaigns go too, and its live jobs are cancelled."""

    client_id: str
    force: bool
    scope: str


class ClientManager:
    """Runs the commands on clients."""

    def __init__(self, database: Database, stores: Stores, canceller: JobCanceller) -> None:
        self._database = database
        self._stores = stores
        self._canceller = canceller

    async def create(self, fields: ClientFields, scope: str, request_id: str = "") -> Client:
        """The client made now, or by the first request of this id. Raises FieldsInvalid, OutsideScope."""
        if scope:
            raise OutsideScope("This key is bound to one client and cannot make others.")
        check_client(fields)
        key = request_key(scope, request_id)
        client_id = new_id()
        async with self._database.transaction() as conn:
            known = await self._stores.requests.remember(conn, key, client_id) if key else None
            if known is not None:
                return await visible_client(conn, self._stores, str(known), scope)
            await self._stores.clients.insert(conn, client_id, "", fields)
            return await visible_client(conn, self._stores, str(client_id), scope)

    async def replace(self, client_id: str, fields: ClientFields, scope: str) -> Client:
        """Raises FieldsInvalid, ClientNotFound."""
        async with self._database.transaction() as conn:
            client = await visible_client(conn, self._stores, client_id, scope, for_update=True)
            check_client(fields)
            await self._stores.clients.replace(conn, client.id, fields)
            return await visible_client(conn, self._stores, str(client.id), scope)

    async def delete(self, command: DeleteClient) -> UUID:
        """Raises ClientNotFound, ClientInUse."""
        async with self._database.connection() as conn:
            client = await visible_client(conn, self._stores, command.client_id, command.scope)
        for _ in range(_ROUNDS if command.force else 1):
            if command.force:
                await self._canceller.cancel_all(client_id=client.id, reason="the client was deleted")
            async with self._database.transaction() as conn:
                await visible_client(conn, self._stores, str(client.id), command.scope, for_update=True)
                campaigns = await self._stores.campaigns.ids_of(conn, client.id)
                live = await self._stores.jobs.live_ids(conn, client_id=client.id, campaign_id=None)
                if not live and (command.force or not campaigns):
                    for campaign_id in campaigns:
                        await self._stores.campaigns.delete(conn, campaign_id)
                    await self._stores.clients.delete(conn, client.id)
                    return client.id
        raise ClientInUse(len(campaigns), len(live))
