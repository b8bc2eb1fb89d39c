"""Leased work: what holds when workers are slow, killed, cancelled or wrong."""

import asyncio
from datetime import timedelta

import pytest
from adreel_kit import work_items
from adreel_kit.errors import Invalid, Unavailable
from adreel_kit.worker import NotYet, Worker

pytestmark = pytest.mark.connected


class Handler:
    """Runs `work` and records its result in the closing transaction."""

    def __init__(self, work):
        self._work = work
        self.given_up: list[str] = []

    async def run(self, item):
        await self._work(item)

        async def finish(conn):
            await conn.execute("INSERT INTO results VALUES ($1, $2)", item.key, item.attempt)

        return finish

    async def failed(self, item, error, conn):
        self.given_up.append(error.code)


async def order(database, key="k", **changes):
    async with database.transaction() as conn:
        return await work_items.enqueue(
            conn, kind="job", key=key, subject=changes.pop("subject", "s"), payload={}, **changes
        )


async def results(database):
    async with database.connection() as conn:
        return [tuple(row.values()) for row in await conn.fetch("SELECT key, attempt FROM results ORDER BY key")]


async def state(database, key="k"):
    async with database.connection() as conn:
        return await conn.fetchval("SELECT state FROM work_items WHERE key = $1", key)


async def test_an_item_is_ordered_once_and_done_once(database, start_worker, eventually):
    async def nothing(item):
        return None

    assert await order(database)
    assert not await order(database)
    await start_worker(Handler(nothing))

    async def done():
        return await state(database) == "done"

    await eventually(done)
    assert await results(database) == [("k", 1)]


async def test_work_longer_than_its_lease_is_kept_by_heartbeats(database, start_worker, eventually):
    runs = []

    async def slow(item):
        runs.append(item.attempt)
        await asyncio.sleep(4)

    await order(database)
    handler = Handler(slow)
    await start_worker(handler)
    await start_worker(handler)

    async def done():
        return await state(database) == "done"

    await eventually(done)
    assert runs == [1]


async def test_a_killed_workers_item_is_taken_up_by_another(database, start_worker, eventually):
    async with database.transaction() as conn:
        await work_items.enqueue(conn, kind="job", key="k", subject="s", payload={})
        await work_items.claim(conn, kinds=["job"], lease=timedelta(seconds=1))  # by one that dies here

    async def nothing(item):
        return None

    await start_worker(Handler(nothing))

    async def done():
        return await state(database) == "done"

    await eventually(done)
    assert await results(database) == [("k", 2)]


async def test_a_result_that_comes_after_its_lease_was_lost_is_dropped(database):
    async with database.transaction() as conn:
        await work_items.enqueue(conn, kind="job", key="k", subject="s", payload={})
        first = await work_items.claim(conn, kinds=["job"], lease=timedelta(seconds=-1))
        second = await work_items.claim(conn, kinds=["job"], lease=timedelta(seconds=9))
    async with database.transaction() as conn:
        assert not await work_items.heartbeat(conn, first, timedelta(seconds=9))
        assert not await work_items.finish(conn, first, work_items.WorkState.DONE)
        assert await work_items.finish(conn, second, work_items.WorkState.DONE)


async def test_cancelling_ends_running_work_at_once_and_its_result_is_dropped(database, start_worker, eventually):
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def endless(item):
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    await order(database, subject="job-1")
    await start_worker(Handler(endless), lease=60)
    await asyncio.wait_for(begun.wait(), 10)
    async with database.transaction() as conn:
        assert await work_items.cancel(conn, subject="job-1") == 1
    # With a lease of a minute only the notification can be this quick.
    await asyncio.wait_for(ended.wait(), 10)
    assert await state(database) == "cancelled"
    assert await results(database) == []


async def test_a_passing_error_is_tried_again_and_a_final_one_is_not(database, start_worker, eventually):
    tries: dict[str, int] = {}

    async def work(item):
        tries[item.key] = tries.get(item.key, 0) + 1
        if item.key == "bad":
            raise Invalid("never")
        if tries[item.key] < 2:
            raise Unavailable("not now")

    handler = Handler(work)
    await order(database, "bad")
    await order(database, "good")
    await start_worker(handler)

    async def settled():
        return await state(database, "bad") == "failed" and await state(database, "good") == "done"

    await eventually(settled)
    assert tries == {"bad": 1, "good": 2}
    assert handler.given_up == ["VALIDATION_ERROR"]


async def test_attempts_are_capped_and_the_last_error_is_kept(database, start_worker, eventually):
    async def work(item):
        raise Unavailable("never there")

    handler = Handler(work)
    await order(database, max_attempts=2)
    await start_worker(handler)

    async def failed():
        return await state(database) == "failed"

    await eventually(failed)
    async with database.connection() as conn:
        row = await conn.fetchrow("SELECT attempt, last_error FROM work_items")
    assert row["attempt"] == 2
    assert row["last_error"]["code"] == "SERVICE_UNAVAILABLE"
    assert handler.given_up == ["SERVICE_UNAVAILABLE"]


async def test_an_item_whose_workers_keep_dying_is_given_up(database, start_worker, eventually):
    async with database.transaction() as conn:
        await work_items.enqueue(conn, kind="job", key="k", subject="s", payload={}, max_attempts=2)
        for _ in range(2):
            await work_items.claim(conn, kinds=["job"], lease=timedelta(seconds=-1))

    async def nothing(item):
        raise AssertionError("must not run a third time")

    handler = Handler(nothing)
    await start_worker(handler)

    async def failed():
        return await state(database) == "failed"

    await eventually(failed)
    assert handler.given_up == ["WORK_ABANDONED"]


async def test_polling_does_not_use_up_attempts(database, start_worker, eventually):
    calls = []

    async def work(item):
        calls.append(item.attempt)
        if len(calls) < 5:
            raise NotYet(timedelta(milliseconds=10))

    await order(database, max_attempts=2)
    await start_worker(Handler(work))

    async def done():
        return await state(database) == "done"

    await eventually(done)
    assert calls == [1] * 5


async def test_a_worker_that_is_stopped_gives_its_work_back_at_once(database, start_worker, eventually):
    begun = asyncio.Event()

    async def endless(item):
        begun.set()
        await asyncio.sleep(60)

    await order(database)
    task = await start_worker(Handler(endless), lease=60)
    await asyncio.wait_for(begun.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.connection() as conn:
        row = await conn.fetchrow("SELECT state, attempt FROM work_items")
    assert (row["state"], row["attempt"]) == ("queued", 0)


async def test_a_failing_result_transaction_counts_as_a_failed_attempt(database, start_worker, eventually):
    class Clumsy(Handler):
        async def run(self, item):
            async def finish(conn):
                await conn.execute("INSERT INTO results VALUES ($1, $2)", item.key, item.attempt)
                if item.attempt == 1:
                    raise Unavailable("the last step failed")

            return finish

    async def nothing(item):
        return None

    await order(database)
    await start_worker(Clumsy(nothing))

    async def done():
        return await state(database) == "done"

    await eventually(done)
    assert await results(database) == [("k", 2)]


async def test_a_worker_that_is_stopped_just_as_it_ends_an_item_stops(database, start_worker, eventually, monkeypatch):
    ending = asyncio.Event()

    async def slow_to_end(self, item, work):
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await asyncio.sleep(0.3)

    async def nothing(item):
        return None

    monkeypatch.setattr(Worker, "_guard", slow_to_end)
    await order(database)
    working = await start_worker(Handler(nothing))
    async with asyncio.timeout(10):
        await ending.wait()
    working.cancel()
    await asyncio.wait({working}, timeout=5)
    assert working.done()
