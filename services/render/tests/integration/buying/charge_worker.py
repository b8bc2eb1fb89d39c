"""A worker process that dies at a named point: the real worker, with collaborators that kill their own process.

Run as a program it is a nursery: everything is imported once, and for each line of JSON on standard input a process is
forked off that works until it is killed or has nothing left to do. The answer is a line with how each one ended.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from datetime import timedelta

from adreel_kit import work_items
from adreel_kit.db import Database, Listener
from adreel_kit.logging import configure_logging
from adreel_kit.worker import Lane, Worker
from adreel_render.domain.events import CostLine
from adreel_render.domain.purchases import PurchaseOrder
from adreel_render.usecases.buying.watchers import WATCH_KIND
from buying_rig import TERMS, CheckHere, NoBooks, open_shop

# Where a worker dies. Each is a moment between two things that must not come apart.
POINTS = (
    "before_intent",
    "after_intent",
    "after_prepare",
    "before_post",
    "while_posting",
    "after_post",
    "before_first_poll",
    "after_first_poll",
    "before_download",
    "in_download",
    "after_copy",
    "after_look",
    "before_settling",
    "while_settling",
    "after_settling",
    "before_finding",
    "after_finding",
)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fuse:
    """Kills this process when its point is reached; "" never does."""

    def __init__(self, point: str) -> None:
        self._point = point

    def at(self, point: str) -> None:
        if point == self._point:
            die()


class FusedProvider:
    """A provider with fuses around its calls."""

    def __init__(self, inner, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse
        self.name = inner.name

    def takes_seed(self, model: str) -> bool:
        self._fuse.at("before_intent")
        return self._inner.takes_seed(model)

    async def prepare(self, attempt):
        self._fuse.at("after_intent")
        request = await self._inner.prepare(attempt)
        self._fuse.at("after_prepare")
        return request

    async def create(self, attempt, request):
        self._fuse.at("before_post")
        # The stand-in creates at once and answers late: the process dies with the request under way.
        asyncio.get_running_loop().call_later(0.3, self._fuse.at, "while_posting")
        prediction = await self._inner.create(attempt, request)
        self._fuse.at("after_post")
        return prediction

    async def fetch(self, provider_id):
        self._fuse.at("before_first_poll")
        prediction = await self._inner.fetch(provider_id)
        self._fuse.at("after_first_poll")
        return prediction

    async def cancel(self, provider_id):
        await self._inner.cancel(provider_id)

    async def find(self, attempt):
        self._fuse.at("before_finding")
        found = await self._inner.find(attempt)
        self._fuse.at("after_finding")
        return found

    async def read_output(self, output, *, max_bytes):
        self._fuse.at("before_download")
        async for piece in self._inner.read_output(output, max_bytes=max_bytes):
            self._fuse.at("in_download")
            yield piece


class FusedCheck(CheckHere):
    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    async def content_type(self, path, medium):
        self._fuse.at("after_copy")
        kind = await super().content_type(path, medium)
        self._fuse.at("after_look")
        return kind


class FusedBooks(NoBooks):
    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse

    async def hold(self, conn, attempt):
        self._fuse.at("before_settling")

    async def on_settled(self, conn, attempt):
        self._fuse.at("while_settling")


class BuyForTest:
    """The work that orders a clip, as scenes and music-video tasks do."""

    def __init__(self, purchases, fuse: Fuse) -> None:
        self._purchases = purchases
        self._fuse = fuse

    async def run(self, item):
        order = order_from(item.payload)
        purchase = await self._purchases.obtain(order)
        self._fuse.at("after_settling")

        async def finish(conn) -> None:
            await conn.execute(
                "INSERT INTO used_clips (work_key, provider_id) VALUES ($1, $2)", order.work_key, purchase.provider_id
            )

        return finish

    async def failed(self, item, error, conn) -> None:
        return None


def order_from(payload) -> PurchaseOrder:
    return PurchaseOrder(
        **{**payload["order"], "client_id": None, "reference": None,
           "estimate": CostLine.model_validate(payload["order"]["estimate"])}
    )  # fmt: skip


async def work(spec) -> None:
    """Serve the kinds of this spec until none of their items is open."""
    fuse = Fuse(spec["point"])
    database = Database(spec["database_url"], max_size=4)
    await database.start(wait_seconds=10)
    listener = Listener(database.url, [work_items.QUEUED_CHANNEL, work_items.CANCELLED_CHANNEL])
    await listener.start()
    fused = {"check": FusedCheck(fuse), "books": FusedBooks(fuse)}
    terms = replace(TERMS, **spec.get("terms", {}))
    async with open_shop(
        database, spec["standin_url"], Path(spec["folder"]), terms=terms,
        names=tuple(spec["providers"]), create_seconds=spec["create_seconds"],
        wrap=lambda provider: FusedProvider(provider, fuse), **fused,
    ) as (buying, _):  # fmt: skip
        handlers = {kind: BuyForTest(buying.purchases, fuse) for kind in spec["kinds"]}
        kinds = tuple(spec["kinds"])
        if spec["watches"]:
            handlers[WATCH_KIND] = buying.watch
            kinds = (*kinds, WATCH_KIND)
        worker = Worker(
            database=database, listener=listener, handlers=handlers, lanes=(Lane(kinds, spec["concurrency"]),),
            lease=timedelta(seconds=1.5),
        )  # fmt: skip
        working = asyncio.create_task(worker.run())
        while True:
            async with database.connection() as conn:
                if not await conn.fetchval(
                    "SELECT count(*) FROM work_items WHERE kind = ANY($1) AND state IN ('queued', 'leased')",
                    list(kinds),
                ):
                    break
            await asyncio.sleep(0.05)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    await listener.aclose()
    await database.aclose()


def main() -> None:
    """The nursery: one forked worker per spec of a line, side by side; answers with their exit codes."""
    configure_logging(service="render", process="charges", level="ERROR")
    for line in sys.stdin:
        children = []
        for spec in json.loads(line):
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    asyncio.run(work(spec))
                    code = 0
                finally:
                    os._exit(code)
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(codes), flush=True)


if __name__ == "__main__":
    main()
