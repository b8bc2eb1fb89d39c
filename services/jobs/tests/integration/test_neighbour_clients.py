# ruff: noqa: N802 - the methods' names are the protocol's
"""The neighbours over real gRPC: what is asked of them, and what their absence looks like."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from adreel.common.v1 import common_pb2
from adreel.render.v1 import render_pb2, render_pb2_grpc
from adreel.scenes.v1 import scenes_pb2, scenes_pb2_grpc
from adreel_jobs.adapters.render_client import RenderClient
from adreel_jobs.adapters.scenes_client import ScenesClient
from adreel_kit.errors import Conflict, RemoteError
from adreel_kit.rpc import RpcServer


class NotLocked(Conflict):
    code = "STORYBOARD_NOT_LOCKED"


class Scenes(scenes_pb2_grpc.ScenesServiceServicer):
    is_open = False

    async def LockStoryboard(self, request: Any, context: Any) -> Any:
        scene = scenes_pb2.Scene(id="s1", scene_number=1, duration_seconds=6.5, asset_ids=["a1"], revision=3)
        scene.metadata.update({"structure": "launch"})
        return scenes_pb2.LockStoryboardResponse(storyboard=scenes_pb2.Storyboard(version=4, scenes=[scene]))

    async def ReopenStoryboard(self, request: Any, context: Any) -> Any:
        if self.is_open:
            raise NotLocked("The storyboard is open already.")
        return scenes_pb2.ReopenStoryboardResponse(storyboard=scenes_pb2.Storyboard(version=request.version + 1))

    async def GetStoryboard(self, request: Any, context: Any) -> Any:
        return scenes_pb2.GetStoryboardResponse(storyboard=scenes_pb2.Storyboard(version=9))

    async def EstimateStoryboard(self, request: Any, context: Any) -> Any:
        assert (request.asset_count, request.brief_characters, request.backend) == (2, 100, "local")
        assert (request.tone, request.style) == ("calm", "")
        line = common_pb2.CostLine(kind="storyboard", amount_micros=5, quantity=2.5, unit="token")
        return scenes_pb2.EstimateStoryboardResponse(expected_scenes=4, lines=[line])


class Render(render_pb2_grpc.RenderServiceServicer):
    async def ListBackends(self, request: Any, context: Any) -> Any:
        backend = render_pb2.Backend(name="gemini", problem="MISSING_API_KEY")
        return render_pb2.ListBackendsResponse(backends=[backend], default_backend="local")

    async def EstimateRender(self, request: Any, context: Any) -> Any:
        if request.HasField("request"):
            lines = [common_pb2.CostLine(kind="video", amount_micros=int(request.request["micros"]))]
            return render_pb2.EstimateRenderResponse(lines=lines, open_micros=3)
        return render_pb2.EstimateRenderResponse(
            lines=[common_pb2.CostLine(kind="video", amount_micros=request.scene_count, state="estimated")]
        )


@pytest.fixture
async def servicer() -> Scenes:
    return Scenes()


@pytest.fixture
async def target(servicer: Scenes) -> AsyncIterator[str]:
    server = RpcServer("127.0.0.1:0")
    server.add(scenes_pb2_grpc.add_ScenesServiceServicer_to_server, servicer)
    server.add(render_pb2_grpc.add_RenderServiceServicer_to_server, Render())
    await server.start()
    yield f"127.0.0.1:{server.port}"
    await server._server.stop(grace=None)


async def test_scenes_are_passed_on_by_the_names_of_the_event(target: str) -> None:
    client = ScenesClient(target)
    locked = await client.lock(uuid4(), 4)
    assert locked.version == 4
    assert locked.scenes == (
        {
            "id": "s1",
            "scene_number": 1,
            "duration_seconds": 6.5,
            "description": "",
            "script": "",
            "shot_type": "",
            "transition": "",
            "asset_ids": ["a1"],
            "revision": 3,
            "metadata": {"structure": "launch"},
        },
    )
    await client.aclose()


async def test_reopening_what_is_open_already_takes_its_version(target: str, servicer: Scenes) -> None:
    client = ScenesClient(target)
    assert await client.reopen(uuid4(), 4) == 5
    servicer.is_open = True
    assert await client.reopen(uuid4(), 4) == 9
    await client.aclose()


async def test_estimates_and_backends_are_read(target: str) -> None:
    scenes, render = ScenesClient(target), RenderClient(target)
    estimate = await scenes.estimate(
        duration_seconds=30, asset_count=2, brief_characters=100, backend="local", tone="calm"
    )
    assert (estimate.scenes, estimate.lines[0].amount_micros, estimate.lines[0].state) == (4, 5, "estimated")
    backends = await render.backends()
    assert (backends.default, backends.known[0].problem) == ("local", "MISSING_API_KEY")
    [line] = await render.estimate(
        backend="local", duration_seconds=30, scene_count=4, resolution="720p", aspect_ratio="1:1", voiceover=False
    )
    assert line.amount_micros == 4
    await scenes.ping()
    await scenes.aclose()
    await render.aclose()


async def test_neighbour_that_is_away_is_unavailable() -> None:
    client = RenderClient("127.0.0.1:9")
    with pytest.raises(RemoteError) as away:
        await client.backends()
    assert (away.value.code, away.value.http_status) == ("SERVICE_UNAVAILABLE", 503)
    with pytest.raises(TimeoutError):
        await client.ping()
    await client.aclose()


async def test_a_film_is_priced_by_its_request_and_what_is_bought_is_told_apart(target: str) -> None:
    client = RenderClient(target)
    film = await client.price_film({"micros": 7})
    assert ([line.amount_micros for line in film.lines], film.open_micros) == ([7], 3)
    await client.aclose()
