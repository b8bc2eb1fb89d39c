"""Items of one subject close, fail and are cancelled at the same time, and nobody waits in a circle."""

import asyncio

import pytest
from adreel_kit import work_items
from adreel_kit.errors import Invalid

pytestmark = pytest.mark.connected

SUBJECTS, ITEMS = 12, 6


class OneOwner:
    """Every item changes its subject's row as it closes; every third fails, and cancels the others of its subject."""

    async def run(self, item):
        if int(item.key[-1]) % 3 == 2:
            raise Invalid("no")

        async def finish(conn):
            await change_owner(conn, item.subject)

        return finish

    async def failed(self, item, error, conn):
        await asyncio.sleep(0.01)  # so that two that fail at once are both here, each with its own row
        await work_items.cancel(conn, subject=item.subject)
        await change_owner(conn, item.subject)


async def change_owner(conn, subject):
    await conn.execute("UPDATE owners SET changes = changes + 1 WHERE subject = $1", subject)
    await asyncio.sleep(0.005)  # as long as a few more statements would take


async def test_nobody_waits_in_a_circle(database, start_worker, eventually):
    subjects = [f"s{number}" for number in range(SUBJECTS)]
    async with database.transaction() as conn:
        for subject in subjects:
            await conn.execute("INSERT INTO owners VALUES ($1)", subject)
            for number in range(ITEMS):
                await work_items.enqueue(conn, kind="job", key=f"{subject}/{number}", subject=subject, payload={})

    async def cancel(subject):
        async with database.transaction() as conn:
            await work_items.cancel(conn, subject=subject)
            await change_owner(conn, subject)

    async def hurry(subject):
        async with database.transaction() as conn:
            await change_owner(conn, subject)
            await work_items.hurry(conn, subject=subject)

    await start_worker(OneOwner(), concurrency=6)
    for subject in subjects:
        await asyncio.sleep(0.02)
        await asyncio.gather(hurry(subject), cancel(subject))

    async def all_are_closed():
        async with database.connection() as conn:
            return not await conn.fetchval("SELECT count(*) FROM work_items WHERE state IN ('queued', 'leased')")

    await eventually(all_are_closed)
    assert await deadlocks(database) == 0


async def deadlocks(database):
    """As the server counts them; it learns of them from each connection some moments late."""
    await asyncio.sleep(1.5)
    async with database.connection() as conn:
        return await conn.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
