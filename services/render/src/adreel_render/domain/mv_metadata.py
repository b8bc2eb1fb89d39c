"""The `metadata` of a finished music-video task, as its answer shows it. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adreel_render.domain.mv_task import MvKind, MvPlan


def metadata_of(plan: MvPlan, facts: Mapping[str, Any], *, at: datetime, seconds: float) -> dict[str, Any]:
    """`facts` are parameters that came to light while it was made; `seconds` is how long that took."""
    used = dict(plan.parameters) | _named(plan) | dict(facts)
    stamp = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    common = {
        "backend_used": plan.backend,
        "model_used": plan.model,
        "parameters_used": used,
        "parameters_not_applied": list(plan.not_applied),
        "generation_timestamp": stamp,
    }
    if plan.kind is MvKind.IMAGE:
        return {"character_description": plan.words, **common}
    return {"prompt": plan.words, **common, "processing_time_seconds": round(seconds, 1)}


def _named(plan: MvPlan) -> dict[str, Any]:
    """What the plan names beside its parameters."""
    named: dict[str, Any] = {}
    if plan.clips:
        named["video_ids"] = [str(clip) for clip in plan.clips]
    if plan.soundtrack is not None:
        named["audio_asset_id"] = str(plan.soundtrack.asset_id)
    if plan.reference is not None:
        named["reference_image"] = True
    return named
