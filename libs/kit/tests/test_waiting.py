"""Waiting for an event or a time: what ends it."""

import asyncio

from adreel_kit.db import wait_for


async def test_a_cancellation_that_meets_the_event_being_set_ends_the_waiter() -> None:
    event = asyncio.Event()

    async def serve() -> None:
        while True:
            await wait_for(event, 30)

    task = asyncio.create_task(serve())
    await asyncio.sleep(0)
    event.set()
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done == {task}
    assert task.cancelled()


async def test_a_set_event_ends_the_wait_and_is_cleared() -> None:
    event = asyncio.Event()
    event.set()
    await asyncio.wait_for(wait_for(event, 30), 5)
    assert not event.is_set()
