"""Uploads in three steps, for large files: announce one, put its bytes where the answer says, complete it."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Self

from adreel.assets.v1 import assets_pb2 as pb
from adreel_kit.errors import NotFound
from adreel_kit.http_ranges.disposition import safe_filename
from adreel_kit.ids import parse_id
from fastapi import APIRouter, Depends, Path
from pydantic import Field
from starlette.requests import Request

from adreel_gateway.entrypoints.http.dependencies import By, Calls, Repeatable
from adreel_gateway.entrypoints.http.v3.envelope import Envelope, answer, errors
from adreel_gateway.entrypoints.http.v3.models.assets import AssetForm, AssetOut
from adreel_gateway.entrypoints.http.v3.models.base import Name, Wire, time_of
from adreel_gateway.usecases.resolve_client import check_owner

router = APIRouter(prefix="/assets/uploads", tags=["v3-assets"])

_CHUNK_BYTES = 256 * 1024
_BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def _upload_id(upload_id: Annotated[str, Path(alias="uploadId", description="The upload's id.")]) -> str:
    parsed = parse_id(upload_id)
    if parsed is None:
        raise NotFound("There is no upload with this id.")
    return str(parsed)


UploadId = Annotated[str, Depends(_upload_id)]


class UploadIn(AssetForm):
    """A file that is to come. `size` and, where given, `sha256` are what it is held against when it has come."""

    name: Name = Field(examples=["Product film.mp4"])
    size: int = Field(ge=1, le=2**53 - 1, description="Bytes.", examples=[73_400_320])
    sha256: str | None = Field(None, pattern="^[0-9a-fA-F]{64}$", description="Of the whole file, in hex.")


class UploadOut(Wire):
    """Where to put the bytes, and how: one request with this method, these headers and the file as its body."""

    upload_id: str
    url: str
    method: str
    headers: dict[str, str]
    expires_at: datetime

    @classmethod
    def of(cls, begun: pb.BeginUploadResponse) -> Self:
        return cls(
            upload_id=begun.upload_id,
            url=begun.url or f"/api/v3/assets/uploads/{begun.upload_id}",
            method=begun.method or "PUT",
            headers=dict(begun.headers),
            expires_at=time_of(begun.expires_at),
        )


class UploadedOut(Wire):
    """What was put."""

    upload_id: str
    size: int
    sha256: str


@router.post(
    "",
    status_code=201,
    summary="Announce a large file",
    responses=errors(402, 404, 413),
    dependencies=[Repeatable],
)
async def begin_upload(body: UploadIn, calls: Calls, by: By) -> Envelope[UploadOut]:
    client_id, campaign_id = await check_owner(
        calls.jobs, client=body.client_id, campaign=body.campaign_id, scope=by.client_id
    )
    request = pb.BeginUploadRequest(
        fields=body.to_message(client_id=client_id, campaign_id=campaign_id),
        file_name=safe_filename(body.name),
        size_bytes=body.size,
        sha256=(body.sha256 or "").lower(),
        scope_client_id=by.client_id,
    )
    return answer(UploadOut.of(await calls.assets.begin_upload(request)))


@router.put("/{uploadId}", summary="Put its bytes", responses=errors(404, 413), openapi_extra=_BYTES)
async def put_upload(request: Request, upload_id: UploadId, calls: Calls, by: By) -> Envelope[UploadedOut]:
    put = await calls.assets.put_upload(upload_id, _chunks(request), scope=by.client_id)
    return answer(UploadedOut(upload_id=upload_id, size=put.size_bytes, sha256=put.sha256))


@router.post(
    "/{uploadId}/complete",
    status_code=201,
    summary="Make an asset of what was put",
    responses=errors(402, 404, 409, 413, 415),
    dependencies=[Repeatable],
)
async def complete_upload(upload_id: UploadId, calls: Calls, by: By) -> Envelope[AssetOut]:
    return answer(AssetOut.of(await calls.assets.complete_upload(upload_id, scope=by.client_id)))


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        for start in range(0, len(piece), _CHUNK_BYTES):
            yield piece[start : start + _CHUNK_BYTES]
