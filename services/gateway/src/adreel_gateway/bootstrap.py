"""The one place that picks real things: channels to the services, the database, the web application."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
from adreel.events import CONSUMERS
from adreel_kit.bus import Manifest
from adreel_kit.guarded_http import GuardPolicy, parse_host_rules
from adreel_kit.health import Health, serve_asgi
from adreel_kit.rpc import open_channel
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker
from fastapi import FastAPI

from adreel_gateway.adapters.assets_client import AssetsClient
from adreel_gateway.adapters.jobs_client import JobsClient
from adreel_gateway.adapters.music_video_client import MusicVideoClient
from adreel_gateway.adapters.neighbour_health import neighbour_checks
from adreel_gateway.adapters.postgres.api_keys import ApiKeys
from adreel_gateway.adapters.postgres.idempotency_keys import CHANNEL, IdempotencyKeys
from adreel_gateway.adapters.postgres.rate_windows import RateWindows
from adreel_gateway.adapters.postgres.share_links import ShareLinks
from adreel_gateway.adapters.postgres.webhook_deliveries import WORK_KIND, WebhookDeliveries
from adreel_gateway.adapters.render_client import RenderClient
from adreel_gateway.adapters.scenes_client import ScenesClient
from adreel_gateway.entrypoints.consumers import subscribe
from adreel_gateway.entrypoints.http.app import Edge, build_app
from adreel_gateway.entrypoints.http.dependencies import Services
from adreel_gateway.entrypoints.sweeps import sweep_forever
from adreel_gateway.settings import GatewaySettings
from adreel_gateway.usecases.deliver_webhook import DeliverWebhook
from adreel_gateway.usecases.neighbours import Neighbours

# A receiver says yes or no within seconds; what else it says is not read.
_WEBHOOK_SECONDS = 15.0
_WEBHOOK_ANSWER_BYTES = 4096
MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


def build(settings: GatewaySettings) -> tuple[Runtime, ServiceParts]:
    """The service's parts, nothing opened yet."""
    runtime = build_runtime(settings)
    return runtime, build_parts(settings, runtime)


def build_runtime(settings: GatewaySettings) -> Runtime:
    """This process's resources, not opened yet."""
    return Runtime.build("gateway", settings, Manifest(CONSUMERS), channels=[CHANNEL])


def build_parts(settings: GatewaySettings, runtime: Runtime) -> ServiceParts:
    """What each command runs."""
    keys = IdempotencyKeys(runtime.database)
    windows = RateWindows(runtime.database)
    deliveries = WebhookDeliveries(runtime.database)
    subscribe(runtime.bus, deliveries, public_url=settings.adreel_public_url)

    async def serve() -> None:
        # Channels belong to the running loop, so they are opened here and not before.
        links = Links.open(settings)
        try:
            app = build_http(settings, runtime, links)
            await serve_asgi(app, host=settings.adreel_bind_host, port=settings.adreel_http_port)
        finally:
            await links.aclose()

    return ServiceParts(
        http=serve, worker=build_worker(settings, runtime, deliveries), loops=[("sweeps", sweep_forever(keys, windows))]
    )


def build_worker(settings: GatewaySettings, runtime: Runtime, deliveries: WebhookDeliveries) -> Worker:
    """The worker that delivers webhooks."""
    policy = GuardPolicy(
        max_bytes=_WEBHOOK_ANSWER_BYTES,
        total_seconds=_WEBHOOK_SECONDS,
        allowed_hosts=parse_host_rules(settings.asset_allowed_hosts),
    )
    return Worker(
        database=runtime.database,
        listener=runtime.listener,
        handlers={WORK_KIND: DeliverWebhook(deliveries, policy)},
        lanes=(Lane((WORK_KIND,), concurrency=4),),
    )


@dataclass(frozen=True, slots=True)
class Links:
    """Open channels to the four services."""

    channels: dict[str, grpc.aio.Channel]
    neighbours: Neighbours

    @classmethod
    def open(cls, settings: GatewaySettings) -> "Links":
        """Make the channels; they connect by themselves, also later."""
        channels = {
            "jobs": open_channel(settings.jobs_grpc_target),
            "assets": open_channel(settings.assets_grpc_target),
            "scenes": open_channel(settings.scenes_grpc_target),
            "render": open_channel(settings.render_grpc_target),
        }
        timeout = settings.adreel_call_timeout_seconds
        neighbours = Neighbours(
            jobs=JobsClient(channels["jobs"], timeout_seconds=timeout),
            assets=AssetsClient(
                channels["assets"],
                timeout_seconds=timeout,
                download_seconds=settings.asset_download_timeout_seconds,
            ),
            scenes=ScenesClient(channels["scenes"], timeout_seconds=timeout),
            render=RenderClient(channels["render"], timeout_seconds=timeout),
            music_video=MusicVideoClient(channels["render"], timeout_seconds=timeout),
        )
        return cls(channels, neighbours)

    async def aclose(self) -> None:
        for channel in self.channels.values():
            await channel.close()


def build_http(settings: GatewaySettings, runtime: Runtime, links: Links) -> FastAPI:
    """The web application over open resources."""
    database = runtime.database
    started, now = neighbour_checks(links.channels)
    checks: dict[str, Callable[[], Awaitable[None]]] = {"database": database.ping, **started}
    return build_app(
        Services(
            settings=settings,
            neighbours=links.neighbours,
            share_links=ShareLinks(database),
            webhook_deliveries=WebhookDeliveries(database),
        ),
        Edge(
            listener=runtime.listener,
            idempotency_keys=IdempotencyKeys(database),
            api_keys=ApiKeys(database),
            rate_windows=RateWindows(database),
        ),
        Health("gateway", checks=checks, optional=now),
    )
