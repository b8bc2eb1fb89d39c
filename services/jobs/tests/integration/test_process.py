# ruff: noqa: N802 - the methods' names are the protocol's
"""The service as its own process: gRPC in front, the embedded bus behind, killed and started again on the way."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from adreel.common.v1 import common_pb2
from adreel.events import CONSUMERS
from adreel.jobs.v1 import jobs_pb2 as pb
from adreel.jobs.v1 import jobs_pb2_grpc
from adreel.render.v1 import render_pb2, render_pb2_grpc
from adreel.scenes.v1 import scenes_pb2, scenes_pb2_grpc
from adreel_kit.bus import Manifest, WireMessage
from adreel_kit.bus.postgres import PostgresTransport
from adreel_kit.envelope import Envelope
from adreel_kit.errors import RemoteError
from adreel_kit.ids import new_id
from adreel_kit.rpc import RpcServer, call, open_channel
from adreel_testkit.servers.postgres import Postgres

pytestmark = [pytest.mark.connected, pytest.mark.slow]


class Scenes(scenes_pb2_grpc.ScenesServiceServicer):
    async def LockStoryboard(self, request: Any, context: Any) -> Any:
        scene = scenes_pb2.Scene(id=str(new_id()), scene_number=1, duration_seconds=30, asset_ids=[])
        board = scenes_pb2.Storyboard(job_id=request.job_id, version=request.version or 1, locked=True, scenes=[scene])
        return scenes_pb2.LockStoryboardResponse(storyboard=board)

    async def EstimateStoryboard(self, request: Any, context: Any) -> Any:
        line = common_pb2.CostLine(kind="storyboard", amount_micros=5, state="estimated")
        return scenes_pb2.EstimateStoryboardResponse(expected_scenes=4, lines=[line])


class Render(render_pb2_grpc.RenderServiceServicer):
    async def ListBackends(self, request: Any, context: Any) -> Any:
        backends = [
            render_pb2.Backend(name="local", is_available=True),
            render_pb2.Backend(name="gemini", problem="MISSING_API_KEY"),
        ]
        return render_pb2.ListBackendsResponse(backends=backends, default_backend="local")

    async def EstimateRender(self, request: Any, context: Any) -> Any:
        line = common_pb2.CostLine(kind="video", amount_micros=10, state="estimated")
        return render_pb2.EstimateRenderResponse(lines=[line], total_micros=10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Jobs:
    """The process, its stub and its bus."""

    def __init__(self, environment: dict[str, str], port: int, bus_url: str) -> None:
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._channel = open_channel(f"127.0.0.1:{port}")
        self.stub: Any = jobs_pb2_grpc.JobsServiceStub(self._channel)
        self.bus = PostgresTransport(bus_url, Manifest(CONSUMERS))
        self.orders: asyncio.Queue[Envelope] = asyncio.Queue()

    async def run(self, command: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adreel_jobs", command, env=self._environment, stderr=asyncio.subprocess.DEVNULL
        )

    async def start(self) -> None:
        self._process = await self.run("all")

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), 20)

    async def aclose(self) -> None:
        await self.kill()
        await self._channel.close()
        await self.bus.aclose()

    async def call(self, method: str, request: Any) -> Any:
        """Call, waiting for a process that starts."""
        for _ in range(100):
            try:
                return await call(getattr(self.stub, method), request, service="jobs", timeout_seconds=10)
            except RemoteError as error:
                if error.code != "SERVICE_UNAVAILABLE":
                    raise
                await asyncio.sleep(0.2)
        raise TimeoutError(method)

    async def listen(self, queue: str) -> None:
        async def receive(message: WireMessage) -> None:
            self.orders.put_nowait(Envelope.from_json(message.body))

        await self.bus.consume(queue, receive, prefetch=4)

    async def next_order(self, event_type: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                envelope = await self.orders.get()
                if envelope.type == event_type:
                    return envelope.data

    async def tell(self, event_type: str, job_id: str, **data: Any) -> None:
        envelope = Envelope.model_validate(
            {
                "id": new_id(),
                "type": event_type,
                "source": "test",
                "subject": job_id,
                "time": "2026-01-02T03:04:05Z",
                "correlation_id": "story",
                "data": {"job_id": job_id, **data},
            }
        )
        await self.bus.publish([WireMessage(str(envelope.id), event_type, envelope.to_json())])


@pytest.fixture
async def jobs(postgres_server: Postgres) -> AsyncIterator[Jobs]:
    database, bus = await postgres_server.create_database(), await postgres_server.create_database()
    neighbours = []
    for register, servicer in (
        (scenes_pb2_grpc.add_ScenesServiceServicer_to_server, Scenes()),
        (render_pb2_grpc.add_RenderServiceServicer_to_server, Render()),
    ):
        server = RpcServer("127.0.0.1:0")
        server.add(register, servicer)
        neighbours.append((server, asyncio.create_task(server.run())))
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database,
        "ADREEL_BUS_DATABASE_URL": bus,
        "ADREEL_GRPC_PORT": str(port),
        "SCENES_GRPC_TARGET": f"127.0.0.1:{neighbours[0][0].port}",
        "RENDER_GRPC_TARGET": f"127.0.0.1:{neighbours[1][0].port}",
    }
    service = Jobs(environment, port, bus)
    assert await (await service.run("migrate")).wait() == 0
    await service.bus.start()
    listeners = [
        asyncio.create_task(service.listen(queue))
        for queue in ("scenes.storyboard.requested.v1", "render.render.requested.v1")
    ]
    await service.start()
    try:
        yield service
    finally:
        for task in listeners:
            task.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        await service.aclose()
        for _, task in neighbours:
            task.cancel()
        await asyncio.gather(*(task for _, task in neighbours), return_exceptions=True)


def new_job(backend: str = "") -> pb.CreateJobRequest:
    return pb.CreateJobRequest(
        input=pb.JobInput(
            context=pb.JobContext(client_id="acme"),
            ad_basics=pb.AdBasics(product="Watch", target_audience="All", key_message="Time", call_to_action="Buy"),
            direction=pb.Direction(style="Modern"),
            video=pb.VideoSpec(duration_seconds=30, backend=backend, captions=True),
        ),
        adopt_unknown_client=True,
        request_id="first",
    )


async def watch_until(jobs: Jobs, job_id: str, status: pb.JobStatus.ValueType) -> None:
    async with asyncio.timeout(30):
        version = 0
        while True:
            try:
                async for change in jobs.stub.WatchJob(pb.WatchJobRequest(job_id=job_id, after_version=version)):
                    version = change.version
                    if change.status == status:
                        return
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.2)


async def test_job_goes_its_way_although_the_process_is_killed_at_every_step(jobs: Jobs) -> None:
    job = (await jobs.call("CreateJob", new_job())).job
    assert (job.status, job.phase, job.input.video.backend) == (
        pb.JOB_STATUS_PENDING,
        "writing_storyboard",
        "local",
    )
    assert job.cost.estimated_micros == 15
    assert job.progress.eta_seconds < 0
    await jobs.kill()
    await jobs.start()
    request = await jobs.next_order("storyboard.requested.v1")
    await jobs.kill()
    # Told while the service is away: the bus keeps it.
    await jobs.tell(
        "storyboard.ready.v1",
        job.id,
        request_id=request["request_id"],
        version=1,
        generator="template",
        scene_count=1,
        duration_seconds=30.0,
    )
    await jobs.start()
    await watch_until(jobs, job.id, pb.JOB_STATUS_STORYBOARD_REVIEW)
    assert (await jobs.call("CreateJob", new_job())).job.id == job.id

    action = pb.ApplyActionRequest(job_id=job.id, action="approve_storyboard", storyboard_version=1)
    approved = (await jobs.call("ApplyAction", action)).job
    assert approved.status == pb.JOB_STATUS_IN_PROGRESS
    scene = {
        "id": str(new_id()),
        "scene_number": 1,
        "duration_seconds": 30.0,
        "description": "d",
        "script": "s",
        "shot_type": "wide",
        "transition": "cut",
        "asset_ids": [],
        "revision": 1,
    }
    await jobs.tell("storyboard.locked.v1", job.id, version=1, scenes=[scene])
    order = await jobs.next_order("render.requested.v1")
    assert order["scenes"] == [scene]
    await jobs.kill()
    await jobs.start()
    film = {"sha256": "cd" * 32, "size_bytes": 1}
    await jobs.tell("render.completed.v1", job.id, render_id=order["render_id"], film=film, duration_seconds=30.0)
    await watch_until(jobs, job.id, pb.JOB_STATUS_COMPLETED)
    done = (await jobs.call("GetJob", pb.GetJobRequest(job_id=job.id))).job
    assert done.has_video
    assert [one.name for one in done.available_actions] == ["reopen_storyboard"]
    assert getattr(done.timeline[0], "from") == pb.JOB_STATUS_PENDING
    listed = await jobs.call("ListJobs", pb.ListJobsRequest(client_id="acme"))
    assert [one.id for one in listed.jobs] == [job.id]
    assert (listed.page.limit, listed.page.total) == (50, 1)
    assert await jobs.stop() == 0


async def test_errors_cross_grpc_with_code_and_facts(jobs: Jobs) -> None:
    cases = (
        ("GetJob", pb.GetJobRequest(job_id="nonsense"), "JOB_NOT_FOUND", 404),
        ("CreateJob", new_job("gemini"), "MISSING_API_KEY", 422),
        ("CreateJob", pb.CreateJobRequest(), "VALIDATION_ERROR", 422),
        ("ApplyAction", pb.ApplyActionRequest(job_id="x", action="explode"), "UNKNOWN_ACTION", 422),
        ("GetClient", pb.GetClientRequest(client_id="a\x00b"), "CLIENT_NOT_FOUND", 404),
    )
    for method, request, code, status in cases:
        with pytest.raises(RemoteError) as refused:
            await jobs.call(method, request)
        assert (refused.value.code, refused.value.http_status) == (code, status)
    job = (await jobs.call("CreateJob", new_job())).job
    with pytest.raises(RemoteError) as refused:
        await jobs.call("ApplyAction", pb.ApplyActionRequest(job_id=job.id, action="retry"))
    assert refused.value.code == "ACTION_NOT_ALLOWED"
    assert refused.value.details["open"] == ["cancel"]
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        async for _ in jobs.stub.WatchJob(pb.WatchJobRequest(job_id=str(new_id()))):
            pass
    assert missing.value.code() is grpc.StatusCode.NOT_FOUND
