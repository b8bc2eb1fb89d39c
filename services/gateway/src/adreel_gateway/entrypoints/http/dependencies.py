"""What routes ask for: the services, the caller, headers that many of them take."""

import re
from dataclasses import dataclass
from typing import Annotated

from adreel_kit.errors import NotFound
from adreel_kit.ids import parse_id
from fastapi import Depends, Header, Path
from starlette.requests import Request

from adreel_gateway.adapters.postgres.share_links import ShareLinks
from adreel_gateway.adapters.postgres.webhook_deliveries import WebhookDeliveries
from adreel_gateway.entrypoints.http.context import Caller, caller_of
from adreel_gateway.settings import GatewaySettings
from adreel_gateway.usecases.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class Services:
    """All that routes work with; made once per process."""

    settings: GatewaySettings
    neighbours: Neighbours
    share_links: ShareLinks
    webhook_deliveries: WebhookDeliveries


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


def _neighbours(request: Request) -> Neighbours:
    return _services(request).neighbours


def _caller(request: Request) -> Caller:
    return caller_of(request.scope)


With = Annotated[Services, Depends(_services)]
Calls = Annotated[Neighbours, Depends(_neighbours)]
By = Annotated[Caller, Depends(_caller)]


def _uuid_or_404(text: str, noun: str) -> str:
    parsed = parse_id(text)
    if parsed is None:
        raise NotFound(f"There is no {noun} with this id.")
    return str(parsed)


def _job_id(job_id: Annotated[str, Path(alias="jobId", description="The job's id.")]) -> str:
    return _uuid_or_404(job_id, "job")


def _campaign_id(campaign_id: Annotated[str, Path(alias="campaignId", description="The campaign's id.")]) -> str:
    return _uuid_or_404(campaign_id, "campaign")


def _asset_id(asset_id: Annotated[str, Path(alias="assetId", description="The asset's id.")]) -> str:
    return _uuid_or_404(asset_id, "asset")


JobId = Annotated[str, Depends(_job_id)]
CampaignId = Annotated[str, Depends(_campaign_id)]
AssetId = Annotated[str, Depends(_asset_id)]
ClientRef = Annotated[
    str, Path(alias="clientId", max_length=200, description="The client's id, or the string it was first named by.")
]
SceneNumber = Annotated[int, Path(alias="sceneNumber", ge=1, le=100_000, description="The scene's number, from 1.")]


def _documented_key(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="Makes repeating this request safe for 24 h: the first answer is given again.",
        ),
    ] = None,
) -> None:
    """Only documents the header: middleware obeys it."""


Repeatable = Depends(_documented_key)


@dataclass(frozen=True, slots=True)
class Preference:
    """How long the client is ready to wait (RFC 7240); `seconds` is None where it did not say."""

    respond_async: bool
    seconds: float | None

    def wait_seconds(self, allowed: float) -> float:
        if self.seconds is not None:
            return min(self.seconds, allowed)
        return 0.0 if self.respond_async else allowed


_WAIT = re.compile(r"\bwait\s*=\s*\"?(\d{1,4})\b", re.IGNORECASE)
_ASYNC = re.compile(r"(?:^|[,\s])respond-async(?:$|[,;\s])", re.IGNORECASE)


def _preference(
    prefer: Annotated[
        str | None,
        Header(alias="Prefer", description="`respond-async` answers 202 at once; `wait=10` waits ten seconds at most."),
    ] = None,
) -> Preference:
    text = prefer or ""
    wait = _WAIT.search(text)
    return Preference(respond_async=bool(_ASYNC.search(text)), seconds=float(wait.group(1)) if wait else None)


Preferred = Annotated[Preference, Depends(_preference)]
