"""An upload on its way from the form to the assets service, in constant memory.

The service needs the fields before the bytes, and a form may have them in any order. So the file's beginning is held
back: a small file is sent when the form is complete. A larger one that came after fields goes straight through, and
fields after it are refused, since it would be too late for them; one that came first is laid on disk until they came.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import IO, Protocol

from adreel.assets.v1 import assets_pb2 as pb

from adreel_gateway.adapters.assets_client import AssetsClient
from adreel_gateway.errors import invalid_field

_HELD_BACK_BYTES = 1024 * 1024
_CHUNK_BYTES = 256 * 1024


class Form(Protocol):
    """A form whose file part has been reached."""

    fields: dict[str, list[str]]

    def file_chunks(self) -> AsyncIterator[bytes]: ...
    async def finish(self) -> None: ...


# Checks the form's fields as far as they are known, and makes the upload's header of them.
MakeHeader = Callable[[], Awaitable[pb.UploadHeader]]


async def upload_asset(assets: AssetsClient, form: Form, make_header: MakeHeader) -> pb.Asset:
    """Send the form's file. Raises RemoteError, or what reading the form raises."""
    chunks = form.file_chunks()
    held: list[bytes] = []
    async for chunk in chunks:
        held.append(chunk)
        if sum(map(len, held)) >= _HELD_BACK_BYTES:
            break
    else:
        await form.finish()
        return await assets.upload(await make_header(), _of(held))
    if form.fields:
        return await assets.upload(await make_header(), _straight(held, chunks, form))
    with tempfile.TemporaryFile() as file:
        await asyncio.to_thread(file.writelines, held)
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)
        await form.finish()
        await asyncio.to_thread(file.seek, 0)
        return await assets.upload(await make_header(), _from_disk(file))


async def _of(held: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in held:
        yield chunk


async def _straight(held: list[bytes], rest: AsyncIterator[bytes], form: Form) -> AsyncIterator[bytes]:
    known = {name: list(values) for name, values in form.fields.items()}
    while held:
        yield held.pop(0)
    async for chunk in rest:
        yield chunk
    await form.finish()
    late = [name for name, values in form.fields.items() if known.get(name) != values]
    if late:
        # Raised before the stream ends, so nothing is kept.
        raise invalid_field(late[0], "of a large upload, put every field before the file", "field_after_file")


async def _from_disk(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
        yield chunk
