"""Money: estimates, bills counted once, caps that hold."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from adreel_jobs.domain.errors import SpendingCapReached
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.domain.status import JobStatus
from adreel_jobs.settings import JobsSettings
from adreel_kit import work_items
from adreel_kit.errors import Unavailable

pytestmark = pytest.mark.connected

_LEASE = timedelta(seconds=10)


def cost(micros: int, *, kind: str = "video", state: str = "actual") -> dict[str, Any]:
    return {
        "kind": kind,
        "description": "x",
        "provider": "p",
        "quantity": 1.0,
        "unit": "second",
        "amount_micros": micros,
        "state": state,
    }


async def run_estimates(service: Any) -> None:
    """Do the pricing work that is due, as the worker would."""
    handler = service.parts.worker._handlers["estimate"]
    while True:
        async with service.database.transaction() as conn:
            item = await work_items.claim(conn, kinds=["estimate"], lease=_LEASE)
        if item is None:
            return
        finish = await handler.run(item)
        async with service.database.transaction() as conn:
            await work_items.finish(conn, item, work_items.WorkState.DONE)
            await finish(conn)


async def clip(service: Any, job_id: Any, scene: int, micros: int, **more: Any) -> None:
    await service.fact(
        "clip.ready.v1",
        job_id,
        **{
            "render_id": await service.render_id(job_id),
            "scene_number": scene,
            "take_id": str(uuid4()),
            "backend": "replicate",
            "cost_lines": [cost(micros)],
            **more,
        },
    )


async def test_estimate_missing_at_creation_is_filled_in_with_the_storyboard(
    service: Any, without_assets: JobInput
) -> None:
    service.scenes.failure = Unavailable("Away.")
    job_id = await service.create(without_assets)
    assert (await service.job(job_id)).cost.estimated_micros is None
    service.scenes.failure = None
    await service.storyboard_ready(job_id)
    await run_estimates(service)
    assert (await service.job(job_id)).cost.estimated_micros == 3_000_000
    # Priced by the scenes there are, not by those that were expected.
    assert len(service.render.priced[-1]["scenes"]) == 3


async def test_an_edited_scene_is_priced_anew(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await run_estimates(service)
    service.render.micros_per_second = 50_000
    await service.fact(
        "scene.updated.v1", job_id, scene_number=2, storyboard_version=2, duration_seconds=30.0, scene_count=3
    )
    await run_estimates(service)
    assert (await service.job(job_id)).cost.estimated_micros == 1_520_000


async def test_estimate_keeps_what_writing_was_to_cost(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    await run_estimates(service)
    view = await service.job(job_id)
    assert [(line.kind, line.state) for line in view.cost.lines] == [
        ("storyboard", "estimated"),
        ("video", "estimated"),
    ]
    assert view.cost.estimated_micros == 3_020_000


async def test_bill_told_twice_is_counted_once(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    take = str(uuid4())
    for _ in range(2):
        await clip(service, job_id, 1, 500_000, take_id=take)
    assert (await service.job(job_id)).cost.actual_micros == 500_000


async def test_whole_bill_of_a_render_takes_the_place_of_its_parts_in_any_order(
    service: Any, without_assets: JobInput
) -> None:
    job_id = await service.rendering(without_assets)
    render_id = await service.render_id(job_id)
    await clip(service, job_id, 1, 500_000)
    film = {"sha256": "cd" * 32, "size_bytes": 1}
    await service.fact(
        "render.completed.v1",
        job_id,
        render_id=render_id,
        film=film,
        duration_seconds=30.0,
        cost_lines=[cost(500_000), cost(600_000), cost(50_000, kind="voice")],
    )
    await clip(service, job_id, 2, 600_000)
    assert (await service.job(job_id)).cost.actual_micros == 1_150_000


async def test_reused_take_costs_nothing_again(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    await clip(service, job_id, 1, 500_000, is_reused=True)
    assert (await service.job(job_id)).cost.actual_micros == 0


async def test_what_was_paid_for_a_cancelled_job_is_counted(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    await service.act(job_id, "cancel")
    await clip(service, job_id, 1, 500_000)
    view = await service.job(job_id)
    assert (view.job.status, view.cost.actual_micros) == (JobStatus.CANCELLED, 500_000)


async def test_unknown_outcome_counts_once_it_is_known(service: Any, without_assets: JobInput) -> None:
    job_id = await service.rendering(without_assets)
    take = str(uuid4())
    await clip(service, job_id, 1, 0, take_id=take, cost_lines=[cost(700_000, state="unknown")])
    assert (await service.job(job_id)).cost.actual_micros == 0
    await clip(service, job_id, 1, 0, take_id=take, cost_lines=[cost(700_000)])
    assert (await service.job(job_id)).cost.actual_micros == 700_000


class TestCaps:
    """The estimate of a 30 s render is 3 USD."""

    @pytest.fixture
    def settings(self, settings: JobsSettings, request: pytest.FixtureRequest) -> JobsSettings:
        return settings.model_copy(update=request.param)

    @pytest.mark.parametrize("settings", [{"adreel_spending_cap_per_job_usd": Decimal("2.99")}], indirect=True)
    async def test_job_beyond_its_cap_is_refused_and_stays_in_review(
        self, service: Any, without_assets: JobInput
    ) -> None:
        job_id = await service.in_review(without_assets)
        with pytest.raises(SpendingCapReached) as refused:
            await service.act(job_id, "approve_storyboard")
        assert refused.value.facts().http_status == 402
        assert refused.value.details["cap"] == "job"
        view = await service.job(job_id)
        assert view.job.status is JobStatus.STORYBOARD_REVIEW
        assert "approve_storyboard" in view.job.open_actions

    @pytest.mark.parametrize("settings", [{"adreel_spending_cap_per_client_usd": Decimal("4.00")}], indirect=True)
    async def test_two_jobs_share_the_budget_of_their_client(self, service: Any, without_assets: JobInput) -> None:
        first, second = [await service.in_review(without_assets) for _ in range(2)]
        await service.act(first, "approve_storyboard")
        with pytest.raises(SpendingCapReached) as refused:
            await service.act(second, "approve_storyboard")
        assert refused.value.details["committedMicros"] == 3_000_000
        # What the first one does not spend is free again once it has ended.
        await service.locked(first)
        await clip(service, first, 1, 500_000)
        await service.act(first, "cancel")
        await service.act(second, "approve_storyboard")

    @pytest.mark.parametrize("settings", [{"adreel_spending_cap_per_job_usd": Decimal("3.40")}], indirect=True)
    async def test_bills_settle_what_was_reserved(self, service: Any, without_assets: JobInput) -> None:
        job_id = await service.rendering(without_assets)
        await clip(service, job_id, 1, 500_000)
        async with service.database.connection() as conn:
            queries = service.parts.usecases.queries._stores.queries
            assert await queries.committed_micros(conn, client_id=None, job_id=job_id) == 3_000_000
        await service.fact(
            "render.failed.v1",
            job_id,
            render_id=await service.render_id(job_id),
            error={"code": "X", "message": "x"},
            cost_lines=[cost(500_000)],
        )
        async with service.database.connection() as conn:
            assert await queries.committed_micros(conn, client_id=None, job_id=job_id) == 500_000
        # Of another 3 USD nothing would be left; what was bought is not bought again.
        with pytest.raises(SpendingCapReached):
            await service.act(job_id, "retry")
        assert (await service.job(job_id)).job.status is JobStatus.FAILED
        service.render.bought_micros = 500_000
        await service.act(job_id, "retry")
        async with service.database.connection() as conn:
            assert await queries.committed_micros(conn, client_id=None, job_id=job_id) == 3_000_000

    @pytest.mark.parametrize("settings", [{"adreel_spending_cap_per_job_usd": Decimal("3.60")}], indirect=True)
    async def test_approving_a_reopened_film_sets_aside_only_what_changed(
        self, service: Any, without_assets: JobInput
    ) -> None:
        job_id = await service.completed(without_assets)
        await service.execute("UPDATE jobs SET reserved_micros = 0")
        for _ in range(3):
            await service.fact(
                "cost.booked.v1",
                job_id,
                purchase_id="00000000-0000-7000-8000-000000000001",
                cost_lines=[cost(3_000_000)],
            )
        await service.act(job_id, "reopen_storyboard")
        service.render.bought_micros = 2_300_000
        with pytest.raises(SpendingCapReached) as refused:
            await service.act(job_id, "approve_storyboard")
        assert refused.value.details["neededMicros"] == 700_000
        service.render.bought_micros = 2_500_000
        await service.act(job_id, "approve_storyboard")

    @pytest.mark.parametrize("settings", [{"adreel_spending_cap_per_job_usd": Decimal("0")}], indirect=True)
    async def test_free_work_needs_no_budget(self, service: Any, without_assets: JobInput) -> None:
        service.render.micros_per_second = 0
        job_id = await service.in_review(without_assets)
        await service.act(job_id, "approve_storyboard")

    @pytest.mark.parametrize("settings", [{"adreel_spending_cap_per_job_usd": Decimal("10")}], indirect=True)
    async def test_refused_lock_frees_what_was_reserved(self, service: Any, without_assets: JobInput) -> None:
        job_id = await service.in_review(without_assets)
        service.scenes.failure = Unavailable("Away.")
        with pytest.raises(Unavailable):
            await service.act(job_id, "approve_storyboard")
        async with service.database.connection() as conn:
            queries = service.parts.usecases.queries._stores.queries
            assert await queries.committed_micros(conn, client_id=None, job_id=job_id) == 0
