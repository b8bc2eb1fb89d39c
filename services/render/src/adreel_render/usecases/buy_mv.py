"""The work of a picture or a clip that a paid provider makes: bought once, whatever happens on the way.

Waiting for the provider is `NotYet`, raised by the purchases, so a task that waits holds nothing. The task's id is the
name of what is bought: a second attempt of the work, or a repeated request, finds the first purchase.
"""

from collections.abc import Mapping
from typing import Any, Literal

from adreel_kit.db import Connection
from adreel_kit.errors import ErrorFacts
from adreel_kit.work_items import WorkItem
from adreel_kit.worker import Finish

from adreel_render.domain.errors import ProviderOutputLost
from adreel_render.domain.events import CostLine
from adreel_render.domain.mv_prices import estimate_image
from adreel_render.domain.mv_task import KeptFile, MvKind, MvPlan, MvTask
from adreel_render.domain.ports import Purchases
from adreel_render.domain.prices import VideoPrice, estimate_video
from adreel_render.domain.purchases import Provider, Purchase, PurchaseOrder, ReferencePicture
from adreel_render.usecases.mv_record import MvRecord
from adreel_render.usecases.order_mv_task import work_subject

# Parameters that shape the prompt or the answer, and are no inputs of a model.
_NOT_INPUTS = frozenset({"video_rules_template"})
_PROVIDERS: dict[str, Provider] = {"replicate": "replicate", "gemini": "gemini"}


class BuyMv:
    """The `mv_purchase` work handler."""

    def __init__(self, record: MvRecord, purchases: Purchases, prices: Mapping[str, VideoPrice]) -> None:
        self._record = record
        self._purchases = purchases
        self._prices = prices

    async def run(self, item: WorkItem) -> Finish:
        task = await self._record.begin(item)
        purchase = await self._purchases.obtain(order_of(task, self._prices))
        if purchase.output is None:
            raise ProviderOutputLost("The provider's output is gone.", details={"backend": task.plan.backend})
        file = KeptFile(purchase.output.sha256, purchase.output.size_bytes, purchase.output.content_type)
        return await self._record.finish(task, file, facts=_facts(purchase), cost_micros=purchase.cost_micros)

    async def failed(self, item: WorkItem, error: ErrorFacts, conn: Connection) -> None:
        await self._record.failed(item, error, conn)


def order_of(task: MvTask, prices: Mapping[str, VideoPrice]) -> PurchaseOrder:
    """What is to be bought for a task: the same order however often it is asked for."""
    plan = task.plan
    inputs: dict[str, Any] = {name: value for name, value in plan.parameters.items() if name not in _NOT_INPUTS}
    return PurchaseOrder(
        work_key=f"mv/{task.id}",
        subject=work_subject(task.id),
        client_id=task.client_id,
        medium="image" if plan.kind is MvKind.IMAGE else "video",
        provider=_PROVIDERS[plan.backend],
        model=plan.model,
        inputs={"prompt": plan.prompt, **inputs},
        reference=_reference(plan),
        estimate=_estimate(plan, prices),
    )


def _reference(plan: MvPlan) -> ReferencePicture | None:
    if plan.reference is None:
        return None
    # veo keeps to a subject's looks at 16:9 and 8 s alone; elsewhere the clip begins with the picture.
    takes_subject = plan.parameters.get("aspect_ratio") == "16:9" and plan.parameters.get("duration") == 8
    use: Literal["first_frame", "subject"] = (
        "subject" if plan.backend == "replicate" and takes_subject else "first_frame"
    )
    file = plan.reference
    return ReferencePicture(file.sha256, file.content_type, file.size_bytes, use)


def _estimate(plan: MvPlan, prices: Mapping[str, VideoPrice]) -> CostLine:
    if plan.kind is MvKind.IMAGE:
        return estimate_image(plan.backend, plan.model)
    # A model without the field makes sound always.
    with_audio = bool(plan.parameters.get("generate_audio", True))
    return estimate_video(
        plan.backend,
        [float(plan.parameters["duration"])],
        with_audio=with_audio,
        resolution=str(plan.parameters.get("resolution", "1080p")),
        prices=prices,
    )


def _facts(purchase: Purchase) -> dict[str, Any]:
    """What the purchase settled on its own: the seed, where it chose one."""
    seed = purchase.inputs.get("seed")
    return {"seed": seed} if seed is not None else {}
