"""Threads for blocking calls: bounded, and never left alone with what their caller closes."""

import asyncio
import threading
import time

import pytest
from adreel_kit.blobs.threads import Lane


async def test_no_more_calls_run_than_the_lane_is_wide() -> None:
    lane = Lane("test", 3)
    lock = threading.Lock()
    running, most = 0, 0

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    await asyncio.gather(*(lane.run(call) for _ in range(20)))
    assert most == 3
    lane.close()


async def test_cancelled_caller_waits_for_its_call_and_asks_it_to_stop() -> None:
    lane = Lane("test", 1)
    began, stop = threading.Event(), threading.Event()
    has_ended = False

    def call() -> None:
        nonlocal has_ended
        began.set()
        assert stop.wait(30)
        has_ended = True

    task = asyncio.create_task(lane.run_until(stop.set, call))
    await asyncio.to_thread(began.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert has_ended
    lane.close()


async def test_call_that_has_not_begun_never_does() -> None:
    lane = Lane("test", 1)
    go_on = threading.Event()
    first = asyncio.create_task(lane.run(go_on.wait, 30))
    await asyncio.sleep(0)
    called = threading.Event()
    second = asyncio.create_task(lane.run(called.set))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    go_on.set()
    await first
    assert await lane.run(lambda: 5) == 5
    assert not called.is_set()
    lane.close()
