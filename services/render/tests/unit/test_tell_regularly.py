"""Progress is told while work goes on, and neither its failure nor its end changes how the work ends."""

import asyncio

import pytest
from adreel_render.usecases import tell_regularly
from adreel_render.usecases.tell_regularly import telling


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(tell_regularly, "INTERVAL_SECONDS", 0.01)


async def test_the_latest_share_is_told_although_telling_it_failed_before():
    told = []

    async def tell(share):
        told.append(share)
        if len(told) == 1:
            raise OSError("the database is away")

    async with telling(tell) as on_progress:
        on_progress(0.25)
        async with asyncio.timeout(10):
            while len(told) < 2:
                await asyncio.sleep(0.01)
    assert set(told) == {0.25}


async def test_work_that_is_cancelled_while_its_progress_ends_is_cancelled():
    is_telling, is_ending = asyncio.Event(), asyncio.Event()

    async def tell(share):
        is_telling.set()
        try:
            await asyncio.sleep(60)
        finally:
            is_ending.set()
            await asyncio.sleep(0.05)

    async def work():
        async with telling(tell):
            await is_telling.wait()

    task = asyncio.create_task(work())
    await is_ending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
