"""The application alone: no server, no database, no neighbour answers. Enough for whatever is refused at the door."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from adreel_gateway.bootstrap import Links, build_http, build_runtime
from adreel_gateway.settings import GatewaySettings
from adreel_kit.settings import load_settings
from fastapi import FastAPI

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "ADREEL_BUS_DATABASE_URL": "postgresql://127.0.0.1:1/none",
    "ADREEL_HTTP_PORT": "8080",
    "ADREEL_AUTH": "open",
    "ADREEL_RATE_LIMIT_PER_MINUTE": "0",
    "JOBS_GRPC_TARGET": "127.0.0.1:1",
    "ASSETS_GRPC_TARGET": "127.0.0.1:1",
    "SCENES_GRPC_TARGET": "127.0.0.1:1",
    "RENDER_GRPC_TARGET": "127.0.0.1:1",
}


@pytest_asyncio.fixture
async def app() -> AsyncIterator[FastAPI]:
    settings = load_settings(GatewaySettings, ENVIRONMENT)
    links = Links.open(settings)
    yield build_http(settings, build_runtime(settings), links)
    await links.aclose()


@pytest_asyncio.fixture
async def door(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
