"""Pictures of assets over gRPC: what can be had is handed on, and nothing that is away or unfit holds a writer up."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import grpc
import pytest
from adreel.assets.v1 import assets_pb2, assets_pb2_grpc
from adreel_scenes.adapters.asset_thumbnails import MOST_PICTURES, AssetThumbnails

GOOD, LARGE, VECTOR, EMPTY, GONE, STUCK = (str(uuid.UUID(int=n)) for n in range(1, 7))


class Assets(assets_pb2_grpc.AssetsServiceServicer):
    async def GetThumbnail(self, request, context):  # noqa: N802
        if request.asset_id == GONE:
            await context.abort(grpc.StatusCode.NOT_FOUND, "There is no such asset.")
        if request.asset_id == STUCK:
            await asyncio.sleep(30)
        content, kind = {
            LARGE: (b"x" * 600_000, "image/jpeg"),
            VECTOR: (b"<svg/>", "image/svg+xml"),
            EMPTY: (b"", "image/webp"),
        }.get(request.asset_id, (b"RIFF", "image/webp"))
        return assets_pb2.GetThumbnailResponse(content=content, content_type=kind)


@pytest.fixture
async def target() -> AsyncIterator[str]:
    server = grpc.aio.server()
    assets_pb2_grpc.add_AssetsServiceServicer_to_server(Assets(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(0)


async def test_what_can_be_had_is_handed_on_in_the_order_asked_for(target):
    thumbnails = AssetThumbnails(target, seconds=8)  # the stuck one takes all of it, the others a moment
    other = str(uuid.UUID(int=99))
    found = await thumbnails.pictures([STUCK, other, LARGE, VECTOR, EMPTY, GONE, GOOD])
    await thumbnails.aclose()
    assert [(picture.asset_id, picture.content, picture.media_type) for picture in found] == [
        (other, b"RIFF", "image/webp"),
        (GOOD, b"RIFF", "image/webp"),
    ]


async def test_no_more_than_so_many_are_fetched(target):
    thumbnails = AssetThumbnails(target, seconds=30)
    ids = [str(uuid.UUID(int=n)) for n in range(100, 120)]
    found = await thumbnails.pictures(ids)
    await thumbnails.aclose()
    assert [picture.asset_id for picture in found] == ids[:MOST_PICTURES]


async def test_a_service_that_is_not_there_is_done_without():
    thumbnails = AssetThumbnails("127.0.0.1:1", seconds=0.5)
    assert await thumbnails.pictures([GOOD]) == ()
    await thumbnails.aclose()
