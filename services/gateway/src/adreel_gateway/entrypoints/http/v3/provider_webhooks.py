"""Where paid video providers call back: no API key, since the provider's own signature is checked by render.

The body goes on as it came, byte for byte: the signature is over exactly that.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request

from adreel_gateway.entrypoints.http.dependencies import Calls, Repeatable
from adreel_gateway.entrypoints.http.v3.envelope import Envelope, answer, errors
from adreel_gateway.entrypoints.http.v3.models.base import Wire

router = APIRouter(prefix="/provider-webhooks", tags=["v3-webhooks"])

# What the signature needs; nothing else is passed on, so that no header of ours or of a proxy's travels.
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_MOST_CHARACTERS = 500


class Received(Wire):
    """That it was taken."""

    received: bool


@router.post("/{provider}", summary="Take a provider's webhook", responses=errors(413), dependencies=[Repeatable])
async def receive(
    request: Request,
    calls: Calls,
    provider: Annotated[Literal["replicate", "gemini"], Path(description="Who calls.")],
    attempt: Annotated[str, Query(max_length=100, description="The id we put into the address.")] = "",
) -> Envelope[Received]:
    """A signed message (Standard Webhooks) shortens the wait for a clip; anything else is refused."""
    headers = {name: value[:_MOST_CHARACTERS] for name in _HEADERS if (value := request.headers.get(name)) is not None}
    await calls.render.receive_provider_webhook(provider, headers, await request.body(), attempt=attempt)
    return answer(Received(received=True))
