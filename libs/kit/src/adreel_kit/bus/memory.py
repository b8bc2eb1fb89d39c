"""A transport in memory, for component tests of one service: no durability, otherwise the same contract."""

import asyncio
from collections.abc import Sequence

from adreel_kit.bus.transport import Manifest, Receiver, WireMessage


class MemoryTransport:
    """Queues as asyncio queues; `published` keeps everything that was handed over, for assertions."""

    def __init__(self, manifest: Manifest | None = None) -> None:
        self._manifest = manifest or Manifest({})
        self._queues: dict[str, asyncio.Queue[WireMessage]] = {}
        self.published: list[WireMessage] = []

    async def start(self) -> None:
        for _, queue in self._manifest.bindings():
            self._queues.setdefault(queue, asyncio.Queue())

    async def aclose(self) -> None:
        self._queues.clear()

    async def ping(self) -> None:
        return None

    async def publish(self, messages: Sequence[WireMessage]) -> None:
        for message in messages:
            self.published.append(message)
            queues = (
                [message.dest]
                if message.direct
                else [queue for key, queue in self._manifest.bindings() if key == message.dest]
            )
            for queue in queues:
                self._queues.setdefault(queue, asyncio.Queue()).put_nowait(message)

    async def consume(self, queue: str, receiver: Receiver, *, prefetch: int) -> None:
        source = self._queues.setdefault(queue, asyncio.Queue())
        while True:
            await receiver(await source.get())
