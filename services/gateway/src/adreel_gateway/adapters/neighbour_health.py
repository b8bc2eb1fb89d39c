"""Whether the services behind the gateway answer.

The gateway is ready once it has reached each of them. After that one that goes away does not make the whole API
unready: its own routes answer 503, the others go on. `/readyz` shows both, what was never reached and what is away.
"""

from collections.abc import Awaitable, Callable, Mapping

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

Check = Callable[[], Awaitable[None]]


class NotServing(Exception):
    """The service answers, but not yet for work."""


def neighbour_checks(channels: Mapping[str, grpc.aio.Channel]) -> tuple[dict[str, Check], dict[str, Check]]:
    """Two checks per service: `jobs` passes once it was reached, `jobs now` only while it is."""
    now = {f"{name} now": _probe(channel) for name, channel in channels.items()}
    started = {name: _once(now[f"{name} now"]) for name in channels}
    return started, now


def _probe(channel: grpc.aio.Channel) -> Check:
    stub = health_pb2_grpc.HealthStub(channel)

    async def check() -> None:
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
        if answer.status != health_pb2.HealthCheckResponse.SERVING:
            raise NotServing

    return check


def _once(check: Check) -> Check:
    has_passed = False

    async def once() -> None:
        nonlocal has_passed
        if not has_passed:
            await check()
            has_passed = True

    return once
