"""From POST /jobs to a storyboard in review: what we add to a model's time, p50 and p95, split by hop.

Run it from the repository's root, with the workspace's own Python: `tools/bench/review_latency.py [--jobs 60]`. It
starts the embedded stack on loopback without any key, so the template writer is the model, which answers at once; it
posts jobs without assets one after another, and stops the stack again.

The hops are told apart by rows that the services write anyway, all with the clock of the one database server, which is
this machine's. A row's time is that of the start of its transaction, so a hop holds the commit of the one before:

    gateway, in     the client sends         .. jobs begins to store the job (checks and estimates at scenes, render)
    bus, out        the job is stored        .. scenes takes storyboard.requested from the bus
    scenes          it is taken              .. the written storyboard begins to be stored
    bus, back       the storyboard is stored .. jobs takes storyboard.ready from the bus
    gateway, out    it is taken              .. the client has the answer (watch, job, storyboard, answer)

Beside it stands the processor's time per job of each process: it says what waits and what works, also on a machine
with other work.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import psutil
from adreel_embedded.databases import ensure_databases
from adreel_embedded.postgres import EmbeddedPostgres
from adreel_embedded.services import SERVICES, StackOptions
from adreel_embedded.stack import BUS_DATABASE, Stack
from adreel_embedded.state import StateDirectory

GOAL_MILLISECONDS = 150.0
HOPS = ("gateway, in", "bus, out", "scenes", "bus, back", "gateway, out")
_WARMING = 8

ORDER = {
    "context": {"clientId": "bench"},
    "adBasics": {
        "product": "Smart Watch",
        "targetAudience": "Tech enthusiasts",
        "keyMessage": "Stay connected",
        "callToAction": "Buy Now",
    },
    "creative": {"direction": {"style": "Modern", "tone": "Energetic", "visualElements": ["city"]}, "assets": []},
}


@dataclass(frozen=True, slots=True)
class Measured:
    """All jobs: seconds of the whole and of each hop, and the processor's milliseconds per job by process."""

    totals: list[float]
    hops: dict[str, list[float]]
    cpu_milliseconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Running:
    """The stack, and where its databases are."""

    stack: Stack
    postgres: EmbeddedPostgres
    urls: Mapping[str, str]

    def cpu_seconds(self) -> dict[str, float]:
        """Of each service and its children, and of PostgreSQL with all its processes."""
        pids = {name: self.stack.supervisor.child(name).pid for name in SERVICES} | {"postgresql": self.postgres.pid}
        return {name: _cpu_seconds(pid) for name, pid in pids.items() if pid is not None}


@contextlib.asynccontextmanager
async def running_stack() -> AsyncIterator[Running]:
    """The embedded stack, its state thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="adreel-latency-") as folder:
        state = StateDirectory(Path(folder)).create()
        async with EmbeddedPostgres(state.postgres, log=state.logs / "postgres.log") as postgres:
            urls = await ensure_databases(postgres, [*SERVICES, BUS_DATABASE])
            options = StackOptions(extra={"AI_PROVIDER": "template"})
            async with Stack(
                state,
                options=options,
                database_urls={name: urls[name] for name in SERVICES},
                bus={"ADREEL_BUS_DATABASE_URL": urls[BUS_DATABASE]},
            ) as stack:
                yield Running(stack, postgres, urls)


async def measure(count: int) -> Measured:
    async with running_stack() as running:
        async with httpx.AsyncClient(base_url=running.stack.base_url, timeout=60, trust_env=False) as client:
            for _ in range(_WARMING):
                await _post(client)
            before = running.cpu_seconds()
            posts = [await _post(client) for _ in range(count)]
            after = running.cpu_seconds()
        hops = await _hops(running.urls, posts)
    return Measured(
        totals=[ended - sent for _, sent, ended in posts],
        hops=hops,
        cpu_milliseconds={name: (after[name] - before[name]) * 1000 / count for name in before},
    )


async def _post(client: httpx.AsyncClient) -> tuple[UUID, float, float]:
    """One job: its id, when it was sent and when its answer was there."""
    sent = time.time()
    answer = await client.post("/api/v3/jobs", json=ORDER)
    ended = time.time()
    job = answer.json()["data"]
    if answer.status_code != 201 or job["status"] != "storyboard_review":
        raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
    return UUID(job["id"]), sent, ended


async def _hops(urls: Mapping[str, str], posts: list[tuple[UUID, float, float]]) -> dict[str, list[float]]:
    ids = [job_id for job_id, _, _ in posts]
    jobs = await _times(
        urls["jobs"],
        "SELECT j.id, j.created_at, t.at FROM jobs j JOIN job_transitions t ON t.job_id = j.id "
        "WHERE j.id = ANY($1) AND t.to_status = 'storyboard_review'",
        ids,
    )
    scenes = await _times(
        urls["scenes"],
        "SELECT subject::uuid, created_at, finished_at FROM work_items WHERE subject = ANY($1::text[])",
        [str(job_id) for job_id in ids],
    )
    hops: dict[str, list[float]] = {name: [] for name in HOPS}
    for job_id, sent, ended in posts:
        marks = (sent, jobs[job_id][0], *scenes[job_id], jobs[job_id][1], ended)
        for name, start, end in zip(HOPS, marks[:-1], marks[1:], strict=True):
            hops[name].append(end - start)
    return hops


async def _times(url: str, query: str, ids: list[UUID] | list[str]) -> dict[UUID, tuple[float, float]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(query, ids)
    finally:
        await connection.close()
    return {row[0]: (row[1].timestamp(), row[2].timestamp()) for row in rows}


def _cpu_seconds(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def report(measured: Measured) -> bool:
    """Print the table; whether the goal is met."""
    print(
        f"POST /jobs to storyboard_review, {len(measured.totals)} jobs one after another; "
        f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    print(f"{'hop':<14} {'p50 ms':>8} {'p95 ms':>8} {'share':>7}")
    whole = sum(statistics.median(values) for values in measured.hops.values())
    for name, values in measured.hops.items():
        middle = statistics.median(values)
        print(f"{name:<14} {middle * 1000:>8.1f} {_percentile(values, 95) * 1000:>8.1f} {middle / whole:>7.0%}")
    p50 = statistics.median(measured.totals) * 1000
    print(f"{'all':<14} {p50:>8.1f} {_percentile(measured.totals, 95) * 1000:>8.1f}")
    used = ", ".join(f"{name} {value:.1f}" for name, value in measured.cpu_milliseconds.items())
    print(f"processor ms per job: {used}; together {sum(measured.cpu_milliseconds.values()):.1f}")
    print(f"p50 below {GOAL_MILLISECONDS:.0f} ms: {'yes' if p50 < GOAL_MILLISECONDS else 'NO'}")
    return p50 < GOAL_MILLISECONDS


def main() -> int:
    parser = argparse.ArgumentParser(description="From POST /jobs to a storyboard in review, by hop.")
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--json", type=Path, help="also write the measures there")
    options = parser.parse_args()
    measured = asyncio.run(measure(max(2, options.jobs)))
    if options.json is not None:
        options.json.write_text(json.dumps({"totals": measured.totals, "hops": measured.hops}))
    return 0 if report(measured) else 1


if __name__ == "__main__":
    sys.exit(main())
