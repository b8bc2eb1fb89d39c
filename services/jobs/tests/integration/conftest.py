"""The service over a real PostgreSQL, with neighbours in memory and the bus left out: facts are delivered by hand."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from adreel.events import CONSUMERS
from adreel_jobs.adapters.postgres.jobs import CHANNEL
from adreel_jobs.bootstrap import MIGRATIONS, Neighbours, Parts, build_parts
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.views import JobView
from adreel_jobs.settings import JobsSettings
from adreel_jobs.usecases.apply_action import ApplyAction
from adreel_jobs.usecases.create_job import CreateJob
from adreel_kit.bus import Bus, Manifest, WireMessage
from adreel_kit.bus.memory import MemoryTransport
from adreel_kit.bus.relay import Relay
from adreel_kit.db import Database, Listener
from adreel_kit.envelope import Envelope
from adreel_kit.health import Health
from adreel_kit.ids import new_id
from adreel_kit.migrations import migrate
from adreel_kit.outbox import Outbox
from adreel_kit.runtime import Runtime
from adreel_testkit.pytest_plugin import adreel_stack, postgres_server  # noqa: F401 - fixtures
from adreel_testkit.servers.postgres import Postgres

COST = {"kind": "video", "description": "x", "provider": "p", "quantity": 1.0, "unit": "second", "state": "actual"}


@dataclass
class Service:
    """The service under test, and the hands that feed it facts and read its outbox."""

    parts: Parts
    scenes: Any
    render: Any
    database: Database

    async def create(self, job_input: JobInput, *, request_id: str = "", scope: str = "", adopt: bool = True) -> UUID:
        return await self.parts.usecases.create_job.run(CreateJob(job_input, adopt, scope, request_id))

    async def job(self, job_id: UUID) -> JobView:
        return await self.parts.usecases.queries.job(str(job_id), "")

    async def act(self, job_id: UUID, action: str, **fields: Any) -> None:
        await self.parts.usecases.apply_action.run(ApplyAction(str(job_id), action, fields.pop("scope", ""), **fields))

    async def fact(self, type_: str, job_id: UUID, *, message_id: UUID | None = None, **data: Any) -> None:
        """Deliver an event about the job as its service would have sent it."""
        envelope = Envelope.model_validate(
            {
                "id": message_id or new_id(),
                "type": type_,
                "source": "test",
                "subject": str(job_id),
                "time": "2026-01-02T03:04:05Z",
                "correlation_id": "story",
                "data": {"job_id": str(job_id), **data},
            }
        )
        await self.parts.runtime.bus.deliver(WireMessage(str(envelope.id), type_, envelope.to_json()))

    async def sent(self, type_: str, job_id: UUID | None = None) -> Sequence[Mapping[str, Any]]:
        """The data of the events of this type that were published, oldest first."""
        async with self.database.connection() as conn:
            rows = await conn.fetch("SELECT body FROM outbox WHERE dest = $1 ORDER BY id", type_)
        envelopes = [json.loads(row["body"]) for row in rows]
        return [one["data"] for one in envelopes if job_id is None or one["subject"] == str(job_id)]

    async def execute(self, query: str, *args: Any) -> None:
        async with self.database.connection() as conn:
            await conn.execute(query, *args)

    async def asset_ready(self, job_id: UUID, asset_id: UUID) -> None:
        await self.fact(
            "asset.ready.v1",
            job_id,
            asset_id=str(asset_id),
            type="image",
            format="jpeg",
            name="photo",
            sha256="ab" * 32,
            size_bytes=1000,
            content_type="image/jpeg",
            width_px=100,
            height_px=50,
        )

    async def fact_dead_lettered(self, job_id: UUID, message_type: str) -> None:
        await self.fact(
            "message.dead_lettered.v1",
            job_id,
            consumer="scenes",
            message_type=message_type,
            subject=str(job_id),
            code="MESSAGE_MALFORMED",
            message="An internal message was malformed.",
        )

    async def storyboard_ready(self, job_id: UUID, *, version: int = 1, cost_micros: int = 0, **more: Any) -> None:
        request = (await self.sent("storyboard.requested.v1", job_id))[-1]
        await self.fact(
            "storyboard.ready.v1",
            job_id,
            request_id=request["request_id"],
            version=version,
            generator="template",
            scene_count=3,
            duration_seconds=30.0,
            cost_lines=[{**COST, "kind": "storyboard", "amount_micros": cost_micros}] if cost_micros else [],
            **more,
        )

    async def locked(self, job_id: UUID, *, version: int = 1) -> None:
        storyboard = await self.scenes.lock(job_id, version)
        await self.fact("storyboard.locked.v1", job_id, version=version, scenes=list(storyboard.scenes))

    async def render_id(self, job_id: UUID) -> str:
        return str((await self.sent("render.requested.v1", job_id))[-1]["render_id"])

    async def in_review(self, job_input: JobInput) -> UUID:
        """A job whose storyboard waits for a person."""
        job_id = await self.create(job_input)
        for asset in (await self.job(job_id)).job.assets:
            await self.asset_ready(job_id, asset.asset_id)
        await self.storyboard_ready(job_id)
        return job_id

    async def rendering(self, job_input: JobInput) -> UUID:
        job_id = await self.in_review(job_input)
        await self.act(job_id, "approve_storyboard")
        await self.locked(job_id)
        return job_id

    async def completed(self, job_input: JobInput) -> UUID:
        job_id = await self.rendering(job_input)
        await self.fact(
            "render.completed.v1",
            job_id,
            render_id=await self.render_id(job_id),
            film={"sha256": "cd" * 32, "size_bytes": 1},
            duration_seconds=30.0,
        )
        return job_id


@pytest.fixture(scope="session")
def migrated_database(postgres_server: Postgres) -> str:  # noqa: F811 - the fixture imported above
    """A database with the service's tables, made by its migrations."""
    import asyncio

    async def make() -> str:
        url: str = await postgres_server.create_database()
        await migrate(url, MIGRATIONS)
        return url

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(make())
    finally:
        loop.close()


@pytest.fixture
def settings(migrated_database: str) -> JobsSettings:
    return JobsSettings(
        database_url=migrated_database,
        adreel_bus_database_url=migrated_database,
        adreel_grpc_port=1,
        scenes_grpc_target="127.0.0.1:1",
        render_grpc_target="127.0.0.1:1",
    )


@pytest.fixture
async def service(settings: JobsSettings, scenes: Any, render: Any) -> AsyncIterator[Service]:
    database = Database(settings.database_url)
    listener = Listener(settings.database_url, [CHANNEL])
    transport = MemoryTransport(Manifest(CONSUMERS))
    runtime = Runtime(
        service="jobs",
        database=database,
        listener=listener,
        transport=transport,
        outbox=Outbox(source="jobs"),
        bus=Bus(service="jobs", database=database, transport=transport),
        relay=Relay(database=database, transport=transport, listener=listener),
        health=Health("jobs"),
    )
    await database.start(wait_seconds=10)
    await listener.start()
    try:
        async with database.connection() as conn:
            await conn.execute(
                "TRUNCATE clients, campaigns, jobs, job_assets, job_changes, job_transitions, job_bill_lines, "
                "outbox, inbox, dead_letter, work_items"
            )
        yield Service(build_parts(settings, runtime, Neighbours(scenes, render)), scenes, render, database)
    finally:
        await listener.aclose()
        await database.aclose()
