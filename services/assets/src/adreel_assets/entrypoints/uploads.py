"""The gRPC methods of uploads that come in steps."""

import re
import uuid
from collections.abc import AsyncIterator

from adreel.assets.v1 import assets_pb2
from adreel_kit.errors import Invalid
from adreel_kit.ids import parse_id

from adreel_assets.domain.errors import UploadNotFound
from adreel_assets.entrypoints.messages import asset_message, fields_of, scope_of, timestamp, whole_contents
from adreel_assets.usecases.direct_upload import DirectUpload

_SHA256 = re.compile(r"[0-9a-f]{64}")


async def begin_upload(uploads: DirectUpload, request: assets_pb2.BeginUploadRequest) -> assets_pb2.BeginUploadResponse:
    """Announce an upload."""
    sha256 = request.sha256.lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise Invalid("sha256 is 64 hexadecimal digits.", details={"field": "sha256"})
    fields = fields_of(request.fields, request.scope_client_id)
    begun = await uploads.begin(fields, request.file_name[:200], request.size_bytes, sha256 or None)
    return assets_pb2.BeginUploadResponse(
        upload_id=str(begun.id), url=begun.url or "", method="PUT", headers={}, expires_at=timestamp(begun.expires_at)
    )


async def put_upload(
    uploads: DirectUpload, parts: AsyncIterator[assets_pb2.PutUploadRequest]
) -> assets_pb2.PutUploadResponse:
    """Take its bytes."""
    first = await anext(aiter(parts), None)
    if first is None or first.WhichOneof("part") != "header":
        raise Invalid("An upload begins with its header.")
    stored = await uploads.put(
        _id(first.header.upload_id), whole_contents(parts), scope_client_id=scope_of(first.header.scope_client_id)
    )
    return assets_pb2.PutUploadResponse(size_bytes=stored.size_bytes, sha256=stored.sha256)


async def complete_upload(
    uploads: DirectUpload, request: assets_pb2.CompleteUploadRequest
) -> assets_pb2.CompleteUploadResponse:
    """Make an asset of it."""
    asset = await uploads.complete(_id(request.upload_id), scope_client_id=scope_of(request.scope_client_id))
    return assets_pb2.CompleteUploadResponse(asset=asset_message(asset))


def _id(text: str) -> uuid.UUID:
    parsed = parse_id(text)
    if parsed is None:
        raise UploadNotFound("There is no such upload, or it has expired.")
    return parsed
