"""From a music-video request to a plan: backend, values in force, the whole prompt; all that can be refused is."""

import secrets
from dataclasses import replace
from typing import Any

from adreel_render.domain.errors import ParameterRefused
from adreel_render.domain.mv_backends import MvBackends
from adreel_render.domain.mv_config import MvConfig
from adreel_render.domain.mv_models import (
    IMAGE_FIELDS,
    IMAGE_MODELS,
    LOCAL,
    MOST_SEED,
    VIDEO_FIELDS,
    VIDEO_MODELS,
)
from adreel_render.domain.mv_orders import MOST_CLIPS, ImageOrder, MergeOrder, VideoOrder
from adreel_render.domain.mv_rules import settle
from adreel_render.domain.mv_task import MvKind, MvPlan
from adreel_render.engine.transitions import TransitionKind, transition_from_words


class PlanMv:
    """Plans tasks by this deployment's files, keys and models. Every method raises ParameterRefused, MissingAPIKey."""

    def __init__(self, config: MvConfig, backends: MvBackends) -> None:
        self._config = config
        self._backends = backends

    def image(self, order: ImageOrder) -> MvPlan:
        """The plan of a character's picture."""
        _require_words("character_description", order.character_description)
        backend = self._backends.choose(order.backend)
        settled = settle(
            order.given, self._config.image_defaults, fields=IMAGE_FIELDS, takes=IMAGE_MODELS[backend].takes
        )
        return MvPlan(
            kind=MvKind.IMAGE,
            backend=backend,
            model=self._backends.image_models[backend],
            words=order.character_description,
            prompt=self._config.image_prompts.prompt_for(order.character_description),
            parameters=_with_seed(settled.parameters, backend),
            not_applied=settled.not_applied,
        )

    def video(self, order: VideoOrder) -> MvPlan:
        """The plan of a clip, its reference left to whoever can look it up."""
        _require_words("prompt", order.prompt)
        backend = self._backends.choose(order.backend)
        settled = settle(
            order.given, self._config.video_defaults, fields=VIDEO_FIELDS, takes=VIDEO_MODELS[backend].takes
        )
        parameters = _with_seed(settled.parameters, backend)
        if order.template:
            parameters["video_rules_template"] = order.template
        return MvPlan(
            kind=MvKind.VIDEO,
            backend=backend,
            model=self._backends.video_models[backend],
            words=order.prompt,
            prompt=self._config.video_prompts.prompt_for(order.prompt, order.template),
            parameters=parameters,
            not_applied=settled.not_applied,
        )

    def merge(self, order: MergeOrder) -> MvPlan:
        """The plan of joined clips, the clips left to whoever can look them up."""
        if not 2 <= len(order.video_ids) <= MOST_CLIPS:
            raise ParameterRefused(
                f"video_ids must name 2 to {MOST_CLIPS} videos, not {len(order.video_ids)}.",
                details={"field": "video_ids"},
            )
        kind = transition_from_words(order.transition) if order.transition else TransitionKind.CUT
        if kind is None:
            raise ParameterRefused(
                f"transition must be one of {', '.join(TransitionKind)}, not {order.transition[:40]!r}.",
                details={"field": "transition"},
            )
        parameters: dict[str, Any] = {"transition": kind.value}
        plan = MvPlan(kind=MvKind.MERGE, backend=LOCAL, model=LOCAL, parameters=parameters)
        return replace(plan, soundtrack=order.soundtrack)


def _require_words(name: str, text: str) -> None:
    if not text.strip():
        raise ParameterRefused(f"{name} must not be empty.", details={"field": name})


def _with_seed(parameters: dict[str, Any], backend: str) -> dict[str, Any]:
    # What is drawn here gets a seed of its own, so that it can be asked for again; a paid call's is chosen when bought.
    if backend == LOCAL:
        parameters.setdefault("seed", secrets.randbelow(MOST_SEED))
    return parameters
