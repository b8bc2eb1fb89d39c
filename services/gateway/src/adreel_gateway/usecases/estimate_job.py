"""What a job would cost and what is wrong with its order, without making anything."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from adreel.assets.v1 import assets_pb2
from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2
from adreel.render.v1 import render_pb2
from adreel.scenes.v1 import scenes_pb2
from adreel_kit.errors import ErrorKind, RemoteError
from adreel_kit.guarded_http import GuardedHttpError, GuardPolicy, check_url

from adreel_gateway.usecases.neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that would go wrong; `field` names the place in the order."""

    code: str
    message: str
    field: str


@dataclass(slots=True)
class Estimate:
    """The answer of a dry run."""

    expected_scenes: int
    expected_tokens: int
    generator: str
    backend: str
    lines: list[common_pb2.CostLine] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def total_micros(self) -> int:
        return sum(line.amount_micros for line in self.lines)


async def estimate_job(
    neighbours: Neighbours,
    order: jobs_pb2.JobInput,
    *,
    brief_characters: int,
    adopt: bool,
    url_policy: GuardPolicy,
    scope: str,
) -> Estimate:
    """Ask those who would do the work. Raises RemoteError where one of them cannot be asked."""
    owner, named, backends = await asyncio.gather(
        _owner_problems(neighbours, order.context, adopt, scope),
        _asset_problems(neighbours, order.assets, url_policy, scope),
        neighbours.render.list_backends(),
    )
    backend = order.video.backend or backends.default_backend
    storyboard = await neighbours.scenes.estimate(
        scenes_pb2.EstimateStoryboardRequest(
            duration_seconds=order.video.duration_seconds,
            asset_count=len(order.assets),
            brief_characters=brief_characters,
            backend=backend,
        )
    )
    film = await neighbours.render.estimate(
        render_pb2.EstimateRenderRequest(
            backend=backend,
            duration_seconds=order.video.duration_seconds,
            scene_count=storyboard.expected_scenes,
            resolution=order.video.resolution,
            aspect_ratio=order.video.aspect_ratio,
            voiceover=order.video.voiceover,
        )
    )
    return Estimate(
        expected_scenes=storyboard.expected_scenes,
        expected_tokens=storyboard.expected_tokens,
        generator=storyboard.generator,
        backend=backend,
        lines=[*storyboard.lines, *film.lines],
        problems=[
            *owner,
            *named,
            *_backend_problems(backends.backends, backend),
            *_url_problems(order.webhook_url, url_policy, "WEBHOOK", "webhookUrl"),
        ],
    )


def _url_problems(url: str, policy: GuardPolicy, what: str, place: str) -> list[Problem]:
    try:
        if url:
            check_url(url, policy)
    except GuardedHttpError as error:
        return [Problem(f"{what}_{error.code}", error.message, place)]
    return []


def _backend_problems(backends: Sequence[render_pb2.Backend], name: str) -> list[Problem]:
    found = next((backend for backend in backends if backend.name == name), None)
    if found is None:
        return [Problem("BACKEND_UNAVAILABLE", f"There is no backend {name} here.", "video.backend")]
    if found.is_available:
        return []
    code = found.problem or "BACKEND_UNAVAILABLE"
    return [Problem(code, found.message or f"The backend {name} cannot be used here ({code}).", "video.backend")]


async def _owner_problems(
    neighbours: Neighbours, context: jobs_pb2.JobContext, adopt: bool, scope: str
) -> list[Problem]:
    problems = []
    client_id = ""
    try:
        client_id = (await neighbours.jobs.get_client(context.client_id, scope=scope)).id
    except RemoteError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        if not adopt or scope:
            problems.append(Problem(error.code, error.message, "context.clientId"))
    if context.campaign_id:
        try:
            campaign = await neighbours.jobs.get_campaign(context.campaign_id, scope=scope)
        except RemoteError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            problems.append(Problem(error.code, error.message, "context.campaignId"))
        else:
            if campaign.client_id != client_id:
                problems.append(Problem("CAMPAIGN_MISMATCH", "The campaign is another client's.", "context.campaignId"))
    return problems


async def _asset_problems(
    neighbours: Neighbours, named: Sequence[jobs_pb2.AssetInput], url_policy: GuardPolicy, scope: str
) -> list[Problem]:
    known = await neighbours.assets.batch_get([asset.asset_id for asset in named if asset.asset_id], scope=scope)
    problems = []
    for number, asset in enumerate(named):
        place = f"creative.assets.{number}"
        if asset.url:
            problems += _url_problems(asset.url, url_policy, "ASSET", f"{place}.url")
        elif asset.asset_id not in known:
            problems.append(Problem("ASSET_NOT_FOUND", "There is no asset with this id.", f"{place}.assetId"))
        elif known[asset.asset_id].status == assets_pb2.ASSET_STATUS_FAILED:
            problems.append(Problem("ASSET_FAILED", "This asset has no data.", f"{place}.assetId"))
    return problems
