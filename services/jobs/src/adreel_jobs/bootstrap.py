"""Picks the real things and puts the service together; the only module that sees all the others."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from adreel.events import CONSUMERS
from adreel.jobs.v1 import jobs_pb2_grpc
from adreel_kit.bus import Manifest
from adreel_kit.rpc import RpcServer
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker

from adreel_jobs.adapters.postgres.campaigns import PostgresCampaigns
from adreel_jobs.adapters.postgres.clients import PostgresClients
from adreel_jobs.adapters.postgres.job_queries import PostgresJobQueries
from adreel_jobs.adapters.postgres.jobs import CHANNEL, PostgresJobs
from adreel_jobs.adapters.postgres.requests import PostgresRequests
from adreel_jobs.adapters.render_client import RenderClient
from adreel_jobs.adapters.scenes_client import ScenesClient
from adreel_jobs.domain.ports import RenderPort, ScenesPort, Stores
from adreel_jobs.domain.status import Step
from adreel_jobs.entrypoints.consumers import FactConsumers
from adreel_jobs.entrypoints.grpc import JobsServicer, UseCases
from adreel_jobs.settings import JobsSettings
from adreel_jobs.usecases.apply_action import ActionRunner
from adreel_jobs.usecases.approve_storyboard import StoryboardApprover
from adreel_jobs.usecases.cancel_jobs import JobCanceller
from adreel_jobs.usecases.commit_job import ESTIMATE_WORK, JobCommitter
from adreel_jobs.usecases.create_job import JobCreator
from adreel_jobs.usecases.estimate_render_work import EstimateWork
from adreel_jobs.usecases.fetch_lock import LockFetcher
from adreel_jobs.usecases.manage_campaigns import CampaignManager
from adreel_jobs.usecases.manage_clients import ClientManager
from adreel_jobs.usecases.price_film import FilmPricer
from adreel_jobs.usecases.queries import Queries
from adreel_jobs.usecases.record_fact import FactRecorder
from adreel_jobs.usecases.request_preview import PreviewRequester
from adreel_jobs.usecases.reserve_spend import SpendGuard
from adreel_jobs.usecases.watch_job import JobWatcher
from adreel_jobs.usecases.watch_silence import Patience, Watchdog

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The services jobs calls; component tests put their own in place."""

    scenes: ScenesPort
    render: RenderPort


@dataclass(frozen=True, slots=True)
class Parts:
    """The service put together, for its process and for component tests."""

    runtime: Runtime
    usecases: UseCases
    watchdog: Watchdog
    worker: Worker


def build_parts(settings: JobsSettings, runtime: Runtime, neighbours: Neighbours) -> Parts:
    """Put the service together over `runtime`, and subscribe its consumers."""
    database = runtime.database
    stores = Stores(PostgresJobs(), PostgresJobQueries(), PostgresClients(), PostgresCampaigns(), PostgresRequests())
    committer = JobCommitter(stores, runtime.outbox)
    canceller = JobCanceller(database, stores, committer)
    lock_fetcher = LockFetcher(database, stores, committer, neighbours.scenes)
    spend = SpendGuard(
        stores,
        per_job_micros=_micros(settings.adreel_spending_cap_per_job_usd),
        per_client_micros=_micros(settings.adreel_spending_cap_per_client_usd),
    )
    pricer = FilmPricer(database, committer, neighbours.scenes, neighbours.render)
    approver = StoryboardApprover(database, stores, committer, neighbours.scenes, pricer, spend)
    usecases = UseCases(
        create_job=JobCreator(database, stores, committer, neighbours.scenes, neighbours.render),
        apply_action=ActionRunner(
            database, stores, committer, neighbours.scenes, approver, lock_fetcher, spend, pricer
        ),
        watch_job=JobWatcher(database, runtime.listener, stores, CHANNEL),
        clients=ClientManager(database, stores, canceller),
        campaigns=CampaignManager(database, stores, canceller),
        queries=Queries(database, stores),
        preview=PreviewRequester(database, stores, committer, neighbours.scenes, neighbours.render),
    )
    FactConsumers(FactRecorder(stores, committer)).subscribe(runtime.bus)
    worker = Worker(
        database=database,
        listener=runtime.listener,
        handlers={ESTIMATE_WORK: EstimateWork(database, stores, pricer)},
        lanes=(Lane((ESTIMATE_WORK,), concurrency=2),),
    )
    watchdog = Watchdog(database, stores, committer, lock_fetcher, _patience(settings))
    return Parts(runtime, usecases, watchdog, worker)


def build_runtime(settings: JobsSettings) -> Runtime:
    """The kit's resources for this service."""
    return Runtime.build("jobs", settings, Manifest(CONSUMERS), channels=[CHANNEL])


def build(settings: JobsSettings) -> tuple[Runtime, ServiceParts]:
    """The service with its real neighbours."""
    runtime = build_runtime(settings)
    scenes = ScenesClient(settings.scenes_grpc_target)
    render = RenderClient(settings.render_grpc_target)
    # Look-ups and the bus work without them, so they are told of and not waited for.
    runtime.health.optional.update({"scenes": scenes.ping, "render": render.ping})
    parts = build_parts(settings, runtime, Neighbours(scenes, render))
    return runtime, ServiceParts(
        rpc=lambda server: add_servicer(server, parts.usecases),
        worker=parts.worker,
        loops=(("watchdog", parts.watchdog.run),),
        resources=((None, scenes.aclose), (None, render.aclose)),
    )


def add_servicer(server: RpcServer, usecases: UseCases) -> None:
    server.add(jobs_pb2_grpc.add_JobsServiceServicer_to_server, JobsServicer(usecases))


def _patience(settings: JobsSettings) -> Patience:
    return Patience(
        silence={
            Step.INGEST: timedelta(seconds=settings.adreel_ingest_patience_seconds),
            Step.WRITE: timedelta(seconds=settings.adreel_writing_patience_seconds),
            Step.LOCK: timedelta(seconds=settings.adreel_lock_patience_seconds),
            Step.RENDER: timedelta(seconds=settings.adreel_render_patience_seconds),
        },
        nudges=settings.adreel_watchdog_nudges,
        interval_seconds=settings.adreel_watchdog_interval_seconds,
    )


def _micros(usd: Decimal | None) -> int | None:
    return None if usd is None else int(usd * 1_000_000)
