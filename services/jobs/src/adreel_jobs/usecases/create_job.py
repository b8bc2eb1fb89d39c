"""Accepts a job: checks the input and the backend, then stores the job and sends its first request in one commit.

Nothing is made before everything was checked. A repeated call with the same request id answers with the job of the
first one, also when both run at once: the unique key decides, and the loser reads the winner's job.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from adreel_kit.db import Connection, Database
from adreel_kit.ids import new_id, parse_id

from adreel_jobs.domain.client import Client, ClientFields
from adreel_jobs.domain.cost import CostLine
from adreel_jobs.domain.errors import (
    BackendUnavailable,
    CampaignNotFound,
    MissingAPIKey,
    RequestIdReused,
)
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.job_parts import AssetOrigin, JobAsset
from adreel_jobs.domain.job_rules import check_job_input, complete
from adreel_jobs.domain.ports import RenderPort, RequestMark, ScenesPort, Stores
from adreel_jobs.usecases.commit_job import JobCommitter
from adreel_jobs.usecases.estimates import estimate_job
from adreel_jobs.usecases.request_keys import request_key
from adreel_jobs.usecases.scope import scope_id, visible_campaign, visible_client


@dataclass(frozen=True, slots=True)
class CreateJob:
    """The command. `request_id` is empty where a repeated call shall make another job."""

    input: JobInput
    adopt_unknown_client: bool
    scope: str
    request_id: str


class JobCreator:
    """Runs CreateJob; returns the id of the job."""

    def __init__(
        self, database: Database, stores: Stores, committer: JobCommitter, scenes: ScenesPort, render: RenderPort
    ) -> None:
        self._database = database
        self._stores = stores
        self._committer = committer
        self._scenes = scenes
        self._render = render

    async def run(self, command: CreateJob) -> UUID:
        """Raises FieldsInvalid, MissingAPIKey, ClientNotFound, CampaignNotFound, RequestIdReused, Unavailable."""
        job_input = complete(command.input)
        check_job_input(job_input)
        mark = _mark(command)
        if mark is not None:
            async with self._database.connection() as conn:
                made = await self._made_before(conn, mark)
            if made is not None:
                return made
        job_input = await self._with_backend(job_input)
        estimate = await estimate_job(self._scenes, self._render, job_input)
        async with self._database.transaction() as conn:
            job = await self._store(conn, command, job_input, mark, estimate)
        if job is not None:
            return job.id
        async with self._database.connection() as conn:
            made = None if mark is None else await self._made_before(conn, mark)
        if made is None:
            raise RuntimeError("a job lost to one of the same request id that is not there")
        return made

    async def _made_before(self, conn: Connection, mark: RequestMark) -> UUID | None:
        found = await self._stores.jobs.find_by_mark(conn, mark.key)
        if found is None:
            return None
        job_id, fingerprint = found
        if fingerprint != mark.fingerprint:
            raise RequestIdReused()
        return job_id

    async def _with_backend(self, job_input: JobInput) -> JobInput:
        backends = await self._render.backends()
        name = job_input.video.backend or backends.default
        backend = next((one for one in backends.known if one.name == name), None)
        if backend is None:
            raise BackendUnavailable(name, "it does not exist in this deployment")
        if not backend.is_available:
            if backend.problem in ("", MissingAPIKey.code):
                raise MissingAPIKey(name, backend.message)
            raise BackendUnavailable(name, backend.problem, backend.message)
        return replace(job_input, video=replace(job_input.video, backend=name))

    async def _store(
        self,
        conn: Connection,
        command: CreateJob,
        job_input: JobInput,
        mark: RequestMark | None,
        estimate: tuple[CostLine, ...] | None,
    ) -> Job | None:
        """The stored job, or None where another one has the same request id."""
        client = await self._client(conn, command, job_input.context.client_id)
        campaign_id = await self._campaign_id(conn, client, job_input.context.campaign_id, command.scope)
        job = Job.new(
            job_id=new_id(),
            client_id=client.id,
            campaign_id=campaign_id,
            job_input=job_input,
            assets=_assets(job_input, client.fields),
            request_id=new_id(),
        )
        if not await self._stores.jobs.insert(conn, job, mark=mark, estimate=estimate):
            return None
        await self._committer.created(conn, job)
        await self._committer.announce(conn, job)
        return job

    async def _client(self, conn: Connection, command: CreateJob, name: str) -> Client:
        if command.adopt_unknown_client and await scope_id(conn, self._stores, command.scope) is None:
            # Two jobs of one unknown client may adopt it at once: then the second finds the first one's.
            own_id = parse_id(name)
            if await self._stores.clients.find(conn, name) is None:
                await self._stores.clients.insert(
                    conn, own_id or new_id(), "" if own_id else name, ClientFields(name=name)
                )
        # Held until the commit, so that the client cannot be deleted beneath its new job.
        return await visible_client(conn, self._stores, name, command.scope, for_update=True)

    async def _campaign_id(self, conn: Connection, client: Client, name: str, scope: str) -> UUID | None:
        if not name:
            return None
        campaign = await visible_campaign(conn, self._stores, name, scope, for_update=True)
        if campaign.client_id != client.id:
            raise CampaignNotFound(name)
        return campaign.id


def _mark(command: CreateJob) -> RequestMark | None:
    key = request_key(command.scope, command.request_id)
    if not key:
        return None
    body = json.dumps([asdict(command.input), command.adopt_unknown_client], sort_keys=True)
    return RequestMark(key, hashlib.sha256(body.encode()).hexdigest())


def _assets(job_input: JobInput, client: ClientFields) -> tuple[JobAsset, ...]:
    """The assets named for the scenes, then the music and the brand's logo where they are not among them."""
    assets = [
        JobAsset(
            asset_id=parse_id(given.asset_id) or new_id(),
            origin=AssetOrigin.BRIEF,
            role=given.role,
            name=given.name,
            type=given.type,
            source_url=given.url,
        )
        for given in job_input.assets
    ]
    known = {asset.asset_id for asset in assets}
    music = parse_id(job_input.video.music_asset_id)
    if music is not None and music not in known:
        assets.append(JobAsset(asset_id=music, origin=AssetOrigin.MUSIC, role="music", type="audio"))
        known.add(music)
    logo = parse_id(client.brand.logo_asset_id) if client.brand else None
    if logo is not None and logo not in known:
        assets.append(JobAsset(asset_id=logo, origin=AssetOrigin.BRAND, role="logo"))
    return tuple(assets)
