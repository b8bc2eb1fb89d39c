"""The dry run: what `POST /jobs` takes, what it would cost, and every problem found."""

from typing import Self

from adreel_kit.guarded_http import GuardPolicy, parse_host_rules
from fastapi import APIRouter

from adreel_gateway.entrypoints.http.dependencies import By, Repeatable, With
from adreel_gateway.entrypoints.http.v3.envelope import Envelope, answer, errors
from adreel_gateway.entrypoints.http.v3.models.base import Wire, money
from adreel_gateway.entrypoints.http.v3.models.job_requests import JobIn
from adreel_gateway.entrypoints.http.v3.models.jobs import CostLineOut
from adreel_gateway.usecases.estimate_job import Estimate, estimate_job

router = APIRouter(prefix="/jobs", tags=["v3-cost"])


class EstimatedCost(Wire):
    """What it would cost, by line."""

    currency: str
    estimated: str
    lines: list[CostLineOut]


class ProblemOut(Wire):
    """Something that would go wrong."""

    code: str
    message: str
    field: str


class DryRunOut(Wire):
    """What would happen. With no `problems`, the same body can be posted to `/jobs`."""

    cost: EstimatedCost
    expected_scenes: int
    expected_tokens: int
    generator: str
    backend: str
    problems: list[ProblemOut]

    @classmethod
    def of(cls, estimate: Estimate) -> Self:
        return cls(
            cost=EstimatedCost(
                currency="USD",
                estimated=money(estimate.total_micros),
                lines=[CostLineOut.of(line) for line in estimate.lines],
            ),
            expected_scenes=estimate.expected_scenes,
            expected_tokens=estimate.expected_tokens,
            generator=estimate.generator,
            backend=estimate.backend,
            problems=[
                ProblemOut(code=problem.code, message=problem.message, field=problem.field)
                for problem in estimate.problems
            ],
        )


@router.post("/dry-run", summary="Estimate a job without making it", responses=errors(), dependencies=[Repeatable])
async def dry_run(body: JobIn, services: With, by: By) -> Envelope[DryRunOut]:
    settings = services.settings
    estimate = await estimate_job(
        services.neighbours,
        body.to_message(),
        brief_characters=body.text_length(),
        adopt=settings.adreel_adopt_unknown_clients,
        url_policy=GuardPolicy(
            max_bytes=settings.max_upload_bytes,
            total_seconds=settings.asset_download_timeout_seconds,
            allowed_hosts=parse_host_rules(settings.asset_allowed_hosts),
        ),
        scope=by.client_id,
    )
    return answer(DryRunOut.of(estimate))
