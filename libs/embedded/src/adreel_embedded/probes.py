"""Ways to ask whether a started process is ready. Each makes a question that answers yes or no and never raises."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc

from adreel_embedded.ports import LOOPBACK

Probe = Callable[[], Awaitable[bool]]

_ANSWER_SECONDS = 2.0


def http_answers(url: str) -> Probe:
    """Ready when a GET of `url` answers 200."""

    # Each client would load the system's certificates, 20 ms of CPU at every question, for plain HTTP over loopback.
    no_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    async def probe() -> bool:
        # trust_env off: a proxy named in the environment has no business with our own loopback.
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False, verify=no_certificates) as client:
            try:
                return (await client.get(url)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

    return probe


def grpc_serves(target: str, service: str = "") -> Probe:
    """Ready when the gRPC health service at `target` says SERVING."""

    async def probe() -> bool:
        options = [("grpc.enable_http_proxy", 0)]
        async with grpc.aio.insecure_channel(target, options=options) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=_ANSWER_SECONDS)
            except grpc.aio.AioRpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    return probe


def port_listens(port: int) -> Probe:
    """Ready when something accepts connections on `port` of the loopback address."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                _, writer = await asyncio.open_connection(LOOPBACK, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    return probe
