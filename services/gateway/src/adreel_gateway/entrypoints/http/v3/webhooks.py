"""Webhooks: what was told to whom, telling it again, and the secret it is signed with."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from adreel.common.v1 import common_pb2
from adreel_kit.errors import NotFound
from adreel_kit.ids import parse_id
from fastapi import APIRouter, Path, Query
from pydantic import Field

from adreel_gateway.adapters.postgres.webhook_deliveries import Delivery
from adreel_gateway.entrypoints.http.dependencies import By, Repeatable, With
from adreel_gateway.entrypoints.http.v3.campaigns import ClientFilter
from adreel_gateway.entrypoints.http.v3.envelope import (
    Envelope,
    ListEnvelope,
    Page,
    answer,
    errors,
    page_answer,
    page_start,
)
from adreel_gateway.entrypoints.http.v3.models.base import ErrorOut, Reference, Uuid, Wire
from adreel_gateway.usecases.resolve_client import resolve_client, resolve_filter
from adreel_gateway.usecases.webhook_signature import written_secret

router = APIRouter(prefix="/webhooks", tags=["v3-webhooks"])

DeliveryState = Literal["pending", "delivered", "failed"]


class DeliveryOut(Wire):
    """One thing that was, or is to be, told. Its id is the `webhook-id` of every attempt."""

    id: str
    event: str = Field(examples=["job.completed"])
    job_id: str
    client_id: str
    url: str
    state: DeliveryState
    attempts: int
    last_status: int | None
    last_error: ErrorOut | None
    created_at: datetime
    last_attempt_at: datetime | None
    delivered_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        error = delivery.last_error
        state: Any = delivery.state
        return cls(
            id=delivery.id,
            event=delivery.event_type,
            job_id=delivery.job_id,
            client_id=delivery.client_id,
            url=delivery.url,
            state=state,
            attempts=delivery.attempts,
            last_status=delivery.last_status,
            last_error=ErrorOut(code=error["code"], message=error["message"], details=error.get("details") or {})
            if error
            else None,
            created_at=delivery.created_at,
            last_attempt_at=delivery.last_attempt_at,
            delivered_at=delivery.delivered_at,
        )


class SecretIn(Wire):
    """Whose secret."""

    client_id: Reference


class SecretOut(Wire):
    """The secret that signs what a client is told (Standard Webhooks)."""

    client_id: str
    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


@router.get("/deliveries", summary="List deliveries, newest first", responses=errors())
async def list_deliveries(
    services: With,
    by: By,
    page: Page,
    client: ClientFilter = None,
    job: Annotated[Uuid | None, Query(alias="jobId")] = None,
    state: Annotated[DeliveryState | None, Query()] = None,
) -> ListEnvelope[DeliveryOut]:
    client_id = await resolve_filter(services.neighbours.jobs, client, scope=by.client_id)
    if client_id is None:
        return page_answer([], common_pb2.PageInfo(limit=page.limit, offset=page.offset))
    offset = page_start(page)
    found, total = await services.webhook_deliveries.page(
        client_id=client_id or by.client_id or None,
        job_id=job,
        state=state,
        limit=page.limit,
        offset=offset,
    )
    after = offset + page.limit
    info = common_pb2.PageInfo(
        limit=page.limit, offset=offset, total=total, next_cursor=str(after) if after < total else ""
    )
    return page_answer([DeliveryOut.of(delivery) for delivery in found], info)


@router.post(
    "/deliveries/{deliveryId}/replay", summary="Tell it again", responses=errors(404), dependencies=[Repeatable]
)
async def replay_delivery(
    delivery_id: Annotated[str, Path(alias="deliveryId")], services: With, by: By
) -> Envelope[DeliveryOut]:
    parsed = parse_id(delivery_id)
    known = await services.webhook_deliveries.find(str(parsed)) if parsed is not None else None
    if known is None or by.client_id not in ("", known.client_id):
        raise NotFound("There is no such delivery.")
    replayed = await services.webhook_deliveries.replay(known.id)
    assert replayed is not None
    return answer(DeliveryOut.of(replayed))


@router.get("/secret", summary="The secret deliveries are signed with", responses=errors(404))
async def get_secret(
    services: With, by: By, client: Annotated[Reference, Query(alias="clientId")]
) -> Envelope[SecretOut]:
    client_id = await resolve_client(services.neighbours.jobs, client, scope=by.client_id)
    return answer(
        SecretOut(client_id=client_id, secret=written_secret(await services.webhook_deliveries.secret(client_id)))
    )


@router.post("/secret", status_code=201, summary="Make a new secret", responses=errors(404), dependencies=[Repeatable])
async def renew_secret(body: SecretIn, services: With, by: By) -> Envelope[SecretOut]:
    client_id = await resolve_client(services.neighbours.jobs, body.client_id, scope=by.client_id)
    secret = await services.webhook_deliveries.secret(client_id, renew=True)
    return answer(SecretOut(client_id=client_id, secret=written_secret(secret)))
