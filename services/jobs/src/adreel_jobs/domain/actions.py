"""What a person can do to a job: the actions, the statuses they are open in, and the fields they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from adreel_jobs.domain.errors import UnknownAction
from adreel_jobs.domain.status import JobStatus


class Action(StrEnum):
    """The public name of an action."""

    APPROVE_STORYBOARD = "approve_storyboard"
    REGENERATE_SCENE = "regenerate_scene"
    REGENERATE_ALL_SCENES = "regenerate_all_scenes"
    REJECT_STORYBOARD = "reject_storyboard"
    REOPEN_STORYBOARD = "reopen_storyboard"
    RETRY = "retry"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class ActionField:
    """A field of an action; `type` is a JSON Schema type."""

    name: str
    type: str
    required: bool
    summary: str


@dataclass(frozen=True, slots=True)
class ActionDescription:
    """An action in words, for `GET /jobs/{id}/actions`."""

    name: Action
    summary: str
    fields: tuple[ActionField, ...] = ()


_ALIASES = {"regenerate": Action.REGENERATE_SCENE}

OPEN_ACTIONS: Mapping[JobStatus, tuple[Action, ...]] = MappingProxyType(
    {
        JobStatus.PENDING: (Action.CANCEL,),
        JobStatus.STORYBOARD_REVIEW: (
            Action.APPROVE_STORYBOARD,
            Action.REGENERATE_SCENE,
            Action.REGENERATE_ALL_SCENES,
            Action.REJECT_STORYBOARD,
            Action.CANCEL,
        ),
        JobStatus.IN_PROGRESS: (Action.CANCEL,),
        JobStatus.RENDERING: (Action.CANCEL,),
        JobStatus.COMPLETED: (Action.REOPEN_STORYBOARD,),
        JobStatus.FAILED: (Action.RETRY,),
        JobStatus.CANCELLED: (),
    }
)

DESCRIPTIONS: Mapping[Action, ActionDescription] = MappingProxyType(
    {
        description.name: description
        for description in (
            ActionDescription(
                Action.APPROVE_STORYBOARD,
                "Lock the scenes and render the video.",
                (
                    ActionField(
                        "storyboardVersion", "integer", False, "The version you read; refused if it is not the latest."
                    ),
                ),
            ),
            ActionDescription(
                Action.REGENERATE_SCENE,
                "Rewrite one scene; the others keep their text and the total length holds.",
                (
                    ActionField("sceneNumber", "integer", True, "Which scene, from 1."),
                    ActionField("feedback", "string", False, "What should be different."),
                    ActionField(
                        "constraints",
                        "object",
                        False,
                        "What to keep to: durationSeconds, style, shotType, all optional.",
                    ),
                ),
            ),
            ActionDescription(
                Action.REGENERATE_ALL_SCENES,
                "Write a new storyboard.",
                (ActionField("feedback", "string", False, "What should be different."),),
            ),
            ActionDescription(
                Action.REJECT_STORYBOARD,
                "Keep the feedback on the job and write a new storyboard with it.",
                (ActionField("feedback", "string", True, "Why it is rejected."),),
            ),
            ActionDescription(
                Action.REOPEN_STORYBOARD,
                "Back to review as a new version; the finished video stays served until the next one is done.",
            ),
            ActionDescription(
                Action.RETRY,
                "Go on from the last good step; nothing that was paid for is bought again.",
                (
                    ActionField(
                        "acceptPossibleDuplicate",
                        "boolean",
                        False,
                        "Repeat a paid call whose outcome is unknown, at the risk of paying twice.",
                    ),
                ),
            ),
            ActionDescription(
                Action.CANCEL,
                "Stop the work; what is paid for is kept.",
                (ActionField("reason", "string", False, "Why."),),
            ),
        )
    }
)


def parse_action(text: str) -> Action:
    """The action of this name. Raises UnknownAction, which lists the known ones."""
    if text in _ALIASES:
        return _ALIASES[text]
    try:
        return Action(text)
    except ValueError:
        raise UnknownAction(text[:100], [action.value for action in Action]) from None
