"""A scene and its content. The content is what is written and edited; the scene is its identity and history.

`duration_ms` is an integer, so that the lengths of a storyboard add up exactly. `revision` grows with every change
and never repeats at one position of a storyboard: it is what guards against lost edits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

JSONValue = str | int | float | bool | None | list["JSONValue"] | dict[str, "JSONValue"]


@dataclass(frozen=True, slots=True)
class SceneContent:
    """What a scene shows and says."""

    duration_ms: int
    description: str
    script: str
    shot_type: str
    transition: str
    asset_ids: tuple[str, ...] = ()
    metadata: Mapping[str, JSONValue] = field(default_factory=dict)

    def lasting(self, duration_ms: int) -> "SceneContent":
        return self if duration_ms == self.duration_ms else replace(self, duration_ms=duration_ms)


@dataclass(frozen=True, slots=True)
class StoryboardDraft:
    """The contents of a storyboard's scenes in order, not yet accepted."""

    scenes: tuple[SceneContent, ...]

    @property
    def duration_ms(self) -> int:
        return sum(scene.duration_ms for scene in self.scenes)


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene of a storyboard. `generator` is the provider and model that wrote it, "template" or "user".

    `prompt_version` names the prompt (or the template writer's rules) it came from; empty where a person wrote it.
    """

    scene_id: UUID
    number: int
    content: SceneContent
    revision: int
    generator: str
    created_at: datetime
    updated_at: datetime
    prompt_version: str = ""

    @property
    def duration_ms(self) -> int:
        return self.content.duration_ms

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'


@dataclass(frozen=True, slots=True)
class SceneEdit:
    """A partial change by a person: None leaves a field as it is."""

    duration_ms: int | None = None
    description: str | None = None
    script: str | None = None
    shot_type: str | None = None
    transition: str | None = None
    asset_ids: tuple[str, ...] | None = None
    metadata: Mapping[str, JSONValue] | None = None

    def applied_to(self, content: SceneContent) -> SceneContent:
        return SceneContent(
            duration_ms=content.duration_ms if self.duration_ms is None else self.duration_ms,
            description=content.description if self.description is None else self.description,
            script=content.script if self.script is None else self.script,
            shot_type=content.shot_type if self.shot_type is None else self.shot_type,
            transition=content.transition if self.transition is None else self.transition,
            asset_ids=content.asset_ids if self.asset_ids is None else self.asset_ids,
            metadata=content.metadata if self.metadata is None else self.metadata,
        )


@dataclass(frozen=True, slots=True)
class SceneRevision:
    """What a scene was before a change, and who or what changed it (`changed_by`: a generator or "user")."""

    scene_id: UUID
    number: int
    revision: int
    content: SceneContent
    generator: str
    cause: str
    changed_by: str
    changed_at: datetime
    prompt_version: str = ""
