"""The web application: routes of every version behind one chain of middleware."""

from dataclasses import dataclass

from adreel_kit.db import Listener
from adreel_kit.health import Health, health_routes
from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from adreel_gateway.adapters.postgres.api_keys import ApiKeys
from adreel_gateway.adapters.postgres.idempotency_keys import IdempotencyKeys
from adreel_gateway.adapters.postgres.rate_windows import RateWindows
from adreel_gateway.entrypoints.http import service_routes
from adreel_gateway.entrypoints.http.dependencies import Services
from adreel_gateway.entrypoints.http.errors import install_error_handlers
from adreel_gateway.entrypoints.http.middleware.access import Access
from adreel_gateway.entrypoints.http.middleware.idempotency import Idempotency
from adreel_gateway.entrypoints.http.middleware.request_bodies import RequestBodies
from adreel_gateway.entrypoints.http.middleware.request_context import RequestContext
from adreel_gateway.entrypoints.http.mv.routes import mv_routes
from adreel_gateway.entrypoints.http.openapi import install_openapi
from adreel_gateway.entrypoints.http.problem import MV_PREFIX
from adreel_gateway.entrypoints.http.v3 import (
    assets,
    campaigns,
    clients,
    dry_run,
    events,
    jobs,
    media,
    provider_webhooks,
    scenes,
    share,
    uploads,
    webhooks,
)
from adreel_gateway.settings import GatewaySettings

# A form is a little more than its file.
_FORM_OVERHEAD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Edge:
    """What the middleware works with."""

    listener: Listener
    idempotency_keys: IdempotencyKeys
    api_keys: ApiKeys
    rate_windows: RateWindows


def build_app(services: Services, edge: Edge, health: Health) -> FastAPI:
    """The application; it opens nothing, its caller does."""
    settings = services.settings
    app = FastAPI(
        title="Adreel",
        summary="From a product brief to a finished video ad.",
        version="3.0.0",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        middleware=_middleware(settings, edge),
    )
    app.state.services = services
    install_error_handlers(app)
    app.include_router(_v3(), prefix="/api/v3")
    app.include_router(mv_routes(), prefix=MV_PREFIX)
    app.include_router(service_routes.router)
    app.router.routes.extend(health_routes(health))
    install_openapi(app)
    return app


def _v3() -> APIRouter:
    router = APIRouter()
    # The dry run stands before the jobs' own routes, or its name would be taken for a job's id.
    parts = (clients, campaigns, uploads, assets, dry_run, jobs, scenes, media, events, share, webhooks)
    for part in (*parts, provider_webhooks):
        router.include_router(part.router)
    return router


def _middleware(settings: GatewaySettings, edge: Edge) -> list[Middleware]:
    """From the outermost to the innermost."""
    chain = [Middleware(RequestContext)]
    if settings.cors_origins:
        chain.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
                allow_headers=["*"],
                expose_headers=["*", "ETag", "Location", "Retry-After", "X-Request-Id", "Idempotent-Replayed"],
                max_age=600,
            )
        )
    return [
        *chain,
        Middleware(
            Access,
            api_keys=edge.api_keys if settings.adreel_auth == "keys" else None,
            rate_windows=edge.rate_windows,
            limit_per_minute=settings.adreel_rate_limit_per_minute,
            trusted_proxies=settings.trusted_proxies,
            cors_origins=settings.cors_origins,
        ),
        Middleware(
            RequestBodies,
            max_json_bytes=settings.adreel_max_json_body_bytes,
            max_multipart_bytes=settings.max_upload_bytes + _FORM_OVERHEAD_BYTES,
        ),
        Middleware(
            Idempotency,
            keys=edge.idempotency_keys,
            listener=edge.listener,
            wait_seconds=settings.mv_request_timeout_seconds + 30,
        ),
    ]
