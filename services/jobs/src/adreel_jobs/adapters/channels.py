"""Whether a neighbour can be reached, for the readiness report."""

import asyncio

import grpc

_SECONDS = 2.0


async def reachable(channel: grpc.aio.Channel) -> None:
    """Raise TimeoutError unless the channel connects in time."""
    async with asyncio.timeout(_SECONDS):
        await channel.channel_ready()
