"""`MV_DEBUG_MODE`: what was decided about a music-video task and how it ended, logged. Never a key or a picture."""

from collections.abc import Mapping
from typing import Any

from adreel_kit.errors import ErrorFacts
from adreel_kit.logging import get_logger

from adreel_render.domain.mv_config import MvConfig
from adreel_render.domain.mv_orders import ImageOrder, MergeOrder, Ordered, VideoOrder
from adreel_render.domain.mv_task import MvPlan, MvTask

log = get_logger(__name__)


class ExplainMv:
    """Logs where `is_on`, and is silent otherwise."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    def configuration(self, config: MvConfig, sources: Mapping[str, str]) -> None:
        """What was loaded at the start; `sources` says of each file where it came from."""
        if self._is_on:
            log.info(
                "mv.debug.configuration",
                files=dict(sources),
                image_defaults=dict(config.image_defaults),
                video_defaults=dict(config.video_defaults),
                image_prompts=config.image_prompts.version,
                video_prompts=config.video_prompts.version,
                video_rules_templates=sorted(config.video_prompts.templates),
            )

    def planned(self, ordered: Ordered, plan: MvPlan) -> None:
        """What a request asked for, which defaults it got, and the whole prompt."""
        if not self._is_on:
            return
        given = _given(ordered)
        log.info(
            "mv.debug.planned",
            task_id=str(ordered.task_id),
            kind=plan.kind.value,
            arguments=given,
            defaults_applied={name: value for name, value in plan.parameters.items() if name not in given},
            parameters=dict(plan.parameters),
            parameters_not_applied=list(plan.not_applied),
            backend=plan.backend,
            model=plan.model,
            prompt=plan.prompt,
            reference=plan.reference.sha256 if plan.reference else None,
        )

    def completed(self, task: MvTask, *, seconds: float, path: str, size_bytes: int, cost_micros: int) -> None:
        """How a task ended well."""
        if self._is_on:
            log.info(
                "mv.debug.completed",
                task_id=str(task.id),
                backend=task.plan.backend,
                model=task.plan.model,
                seconds=round(seconds, 3),
                path=path,
                size_bytes=size_bytes,
                cost_micros=cost_micros,
            )

    def failed(self, task_id: str, error: ErrorFacts) -> None:
        """How a task ended otherwise."""
        if self._is_on:
            log.info("mv.debug.failed", task_id=task_id, code=error.code, message=error.message)


def _given(ordered: Ordered) -> dict[str, Any]:
    order = ordered.order
    if isinstance(order, MergeOrder):
        asset = str(order.soundtrack.asset_id) if order.soundtrack else None
        return {"video_ids": list(order.video_ids), "transition": order.transition, "audio_asset_id": asset}
    given = dict(order.given) | ({"backend": order.backend} if order.backend else {})
    if isinstance(order, ImageOrder):
        return {"character_description": order.character_description, **given}
    assert isinstance(order, VideoOrder)
    references = {
        "reference_image_base64": f"a picture of {order.reference.size_bytes} bytes" if order.reference else None,
        "reference_id": order.reference_id or None,
        "video_rules_template": order.template,
    }
    return {"prompt": order.prompt, **given, **{name: value for name, value in references.items() if value}}
