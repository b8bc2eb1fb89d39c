"""The storyboard aggregate: an ordered set of scenes with a version, and the verbs that change it.

A storyboard is a value: every verb returns the next one and leaves this one as it was. It protects these invariants:
scenes are numbered from 1 without gaps; a locked storyboard does not change; every change has a new version; a
number and a revision together never name two different contents. Time and new ids come in as arguments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from adreel_scenes.domain.brief import StoryBrief
from adreel_scenes.domain.errors import (
    SceneInvalid,
    SceneNotFound,
    SceneRevisionStale,
    StoryboardInvalid,
    StoryboardLocked,
    StoryboardNotLocked,
    StoryboardVersionStale,
)
from adreel_scenes.domain.problems import Problem, StoryWarning
from adreel_scenes.domain.rules import content_problems, count_problems, draft_problems, rewrite_problems
from adreel_scenes.domain.scene import Scene, SceneContent, SceneEdit, StoryboardDraft
from adreel_scenes.domain.timing import reachable_ms, rebalanced_ms, scene_bounds_ms, spread_ms
from adreel_scenes.domain.warnings import story_warnings

NewId = Callable[[], UUID]
USER = "user"


@dataclass(frozen=True, slots=True)
class Storyboard:
    """`generator` wrote the storyboard as a whole; single scenes may have been written by others since.

    `highest_revision` is the highest revision that any scene, also one since removed, ever had.
    """

    job_id: UUID
    version: int
    locked: bool
    asked_ms: int
    scenes: tuple[Scene, ...]
    generator: str
    feedback: tuple[str, ...] = ()
    warnings: tuple[StoryWarning, ...] = ()
    highest_revision: int = 1

    @property
    def duration_ms(self) -> int:
        return sum(scene.duration_ms for scene in self.scenes)

    @property
    def average_scene_ms(self) -> int:
        """On a grid of 100 ms."""
        return round(sum(scene.content.duration_ms for scene in self.scenes) / len(self.scenes) / 100) * 100

    @property
    def duration_seconds(self) -> float:
        return self.duration_ms / 1000

    @property
    def contents(self) -> tuple[SceneContent, ...]:
        return tuple(scene.content for scene in self.scenes)

    def scene(self, number: int) -> Scene:
        """The scene of this number. Raises SceneNotFound."""
        if not 1 <= number <= len(self.scenes):
            raise SceneNotFound(
                f"There is no scene {number}; the storyboard has scenes 1 to {len(self.scenes)}.",
                details={"sceneNumber": number, "scenes": len(self.scenes)},
            )
        return self.scenes[number - 1]

    def require_version(self, version: int | None) -> None:
        """Raises StoryboardVersionStale if a version is named that is not the latest."""
        if version is not None and version != self.version:
            raise StoryboardVersionStale(
                f"The storyboard is at version {self.version}, not {version}: read it again before you approve.",
                details={"latest": self.version, "given": version},
            )

    @classmethod
    def from_draft(
        cls,
        job_id: UUID,
        draft: StoryboardDraft,
        brief: StoryBrief,
        generator: str,
        now: datetime,
        new_id: NewId,
        *,
        prompt_version: str = "",
    ) -> "Storyboard":
        """The first storyboard of a job. Raises StoryboardInvalid."""
        empty = cls(job_id, 0, False, brief.video.duration_ms, (), generator, highest_revision=0)
        return empty.accept(draft, brief, generator, now, new_id, prompt_version=prompt_version)

    def accept(
        self,
        draft: StoryboardDraft,
        brief: StoryBrief,
        generator: str,
        now: datetime,
        new_id: NewId,
        *,
        prompt_version: str = "",
    ) -> "Storyboard":
        """All scenes anew. A position that stays keeps its scene's id and history. Raises StoryboardInvalid."""
        self._require_open()
        if problems := draft_problems(draft.scenes, brief):
            raise StoryboardInvalid(problems)
        top = self.highest_revision
        scenes = tuple(
            _rewritten(self.scenes[index], content, top + 1, generator, now, prompt_version)
            if index < len(self.scenes)
            else Scene(new_id(), index + 1, content, top + 1, generator, now, now, prompt_version)
            for index, content in enumerate(draft.scenes)
        )
        return self._with(scenes, brief, generator=generator, feedback=brief.feedback, asked_ms=brief.video.duration_ms)

    def replace_scene(
        self,
        number: int,
        content: SceneContent,
        brief: StoryBrief,
        generator: str,
        now: datetime,
        *,
        prompt_version: str = "",
    ) -> "Storyboard":
        """One scene rewritten; the others keep their text, and the total holds (their lengths give way if they must).

        A length out of reach is moved to the nearest that leaves the others within their bounds.
        Raises StoryboardInvalid if the content breaks the rules, drops the call to action or an asset's only use.
        """
        self._require_open()
        old = self.scene(number)
        low_ms, high_ms = scene_bounds_ms(brief.video.duration_ms, brief.limits, brief.backend)
        total_ms = self.duration_ms
        reachable = reachable_ms(content.duration_ms, total_ms, len(self.scenes) - 1, low_ms, high_ms)
        # Scenes that a person made longer or shorter than the bounds may leave no reach at all: then nothing moves.
        content = content.lasting(old.duration_ms if reachable is None else reachable)
        if problems := rewrite_problems(number, content, self.contents, brief):
            raise StoryboardInvalid(problems)
        lengths = [scene.duration_ms for scene in self.scenes]
        lengths[number - 1] = content.duration_ms
        if sum(lengths) != total_ms:
            lengths = list(rebalanced_ms(lengths, number - 1, total_ms, low_ms, high_ms))
        scenes = [_lasting(scene, length, generator, now) for scene, length in zip(self.scenes, lengths, strict=True)]
        scenes[number - 1] = _rewritten(old, content, old.revision + 1, generator, now, prompt_version)
        return self._with(scenes, brief, feedback=brief.feedback)

    def edit_scene(
        self,
        number: int,
        edit: SceneEdit,
        brief: StoryBrief,
        now: datetime,
        *,
        rebalance: bool = False,
        if_revision: int | None = None,
    ) -> "Storyboard":
        """A person's change of one scene; with `rebalance` the others are stretched so that the total holds.

        Raises SceneInvalid, SceneRevisionStale.
        """
        return self._put(number, edit.applied_to(self.scene(number).content), brief, now, rebalance, if_revision)

    def restore_scene(
        self,
        number: int,
        content: SceneContent,
        brief: StoryBrief,
        now: datetime,
        *,
        if_revision: int | None = None,
    ) -> "Storyboard":
        """A scene as it was in an earlier revision, as a new revision. Assets that are gone since are left out."""
        known = tuple(asset_id for asset_id in content.asset_ids if asset_id in brief.asset_ids)
        return self._put(number, replace(content, asset_ids=known), brief, now, False, if_revision)

    def add_scene(
        self,
        number: int,
        content: SceneContent,
        brief: StoryBrief,
        now: datetime,
        new_id: NewId,
        *,
        rebalance: bool = False,
    ) -> "Storyboard":
        """A new scene that gets this number; those from there on move up by one. Raises SceneInvalid."""
        self._require_open()
        if not 1 <= number <= len(self.scenes) + 1:
            raise SceneNotFound(f"A new scene can have the numbers 1 to {len(self.scenes) + 1}, not {number}.")
        problems = count_problems(len(self.scenes) + 1, brief) + content_problems(content, brief, "scene")
        if problems:
            raise SceneInvalid(problems)
        added = Scene(new_id(), number, content, self.highest_revision + 1, USER, now, now)
        order = [*self.scenes[: number - 1], added, *self.scenes[number - 1 :]]
        return self._with(self._rebalanced(order, number - 1, brief, now) if rebalance else order, brief, now=now)

    def remove_scene(self, number: int, brief: StoryBrief, now: datetime, *, rebalance: bool = False) -> "Storyboard":
        """The storyboard without this scene; those after it move down by one. Raises SceneInvalid."""
        self._require_open()
        self.scene(number)
        if problems := count_problems(len(self.scenes) - 1, brief):
            raise SceneInvalid(problems)
        order = [scene for scene in self.scenes if scene.number != number]
        return self._with(self._rebalanced(order, None, brief, now) if rebalance else order, brief, now=now)

    def reorder(self, numbers: Sequence[int], brief: StoryBrief, now: datetime) -> "Storyboard":
        """The scenes in the order of their present `numbers`, each named once. Raises SceneInvalid."""
        self._require_open()
        if sorted(numbers) != [scene.number for scene in self.scenes]:
            message = f"The order must name each of the scenes 1 to {len(self.scenes)} once."
            raise SceneInvalid([Problem("SCENE_ORDER", "order", message)])
        return self._with([self.scenes[number - 1] for number in numbers], brief, now=now)

    def lock(self, version: int | None = None) -> "Storyboard":
        """Approved: nothing changes any more. Locking again is the same. Raises StoryboardVersionStale."""
        self.require_version(version)
        return replace(self, locked=True)

    def reopen(self) -> "Storyboard":
        """Back to review as a new version, its scenes as they were approved. Raises StoryboardNotLocked."""
        if not self.locked:
            raise StoryboardNotLocked("The storyboard is open already.")
        return replace(self, locked=False, version=self.version + 1)

    def _put(
        self,
        number: int,
        content: SceneContent,
        brief: StoryBrief,
        now: datetime,
        rebalance: bool,
        if_revision: int | None,
    ) -> "Storyboard":
        self._require_open()
        old = self.scene(number)
        if if_revision is not None and if_revision != old.revision:
            raise SceneRevisionStale(
                f"Scene {number} is at revision {old.revision}, not {if_revision}: read it again before you change it.",
                details={"latest": old.revision, "given": if_revision},
            )
        if problems := content_problems(content, brief, "scene"):
            raise SceneInvalid(problems)
        if content == old.content:
            return self
        scenes = list(self.scenes)
        scenes[number - 1] = _rewritten(old, content, old.revision + 1, USER, now, "")
        return self._with(self._rebalanced(scenes, number - 1, brief, now) if rebalance else scenes, brief)

    def _rebalanced(
        self, scenes: Sequence[Scene], fixed_index: int | None, brief: StoryBrief, now: datetime
    ) -> list[Scene]:
        """The scenes stretched to the length asked for, but for the fixed one."""
        low_ms, high_ms = scene_bounds_ms(self.asked_ms, brief.limits, brief.backend)
        lengths = [scene.duration_ms for scene in scenes]
        try:
            if fixed_index is None:
                lengths = list(spread_ms(self.asked_ms, lengths, [low_ms] * len(lengths), high_ms))
            else:
                lengths = list(rebalanced_ms(lengths, fixed_index, self.asked_ms, low_ms, high_ms))
        except ValueError:
            message = (
                f"The other scenes cannot be stretched to {self.asked_ms / 1000:g} s in all: "
                f"each lasts {low_ms / 1000:g} to {high_ms / 1000:g} s."
            )
            raise SceneInvalid([Problem("REBALANCE_OUT_OF_REACH", "scene.duration", message)]) from None
        return [
            scene if index == fixed_index else _lasting(scene, length, USER, now)
            for index, (scene, length) in enumerate(zip(scenes, lengths, strict=True))
        ]

    def _with(
        self,
        order: Sequence[Scene],
        brief: StoryBrief,
        *,
        now: datetime | None = None,
        generator: str | None = None,
        feedback: tuple[str, ...] | None = None,
        asked_ms: int | None = None,
    ) -> "Storyboard":
        """The next version with these scenes, numbered anew.

        A scene that moved gets a revision above every earlier one: a stale reader of that number must not pass for
        a current one.
        """
        above_all = max([self.highest_revision, *(scene.revision for scene in order)]) + 1
        scenes = tuple(
            scene
            if scene.number == number
            else replace(scene, number=number, revision=above_all, updated_at=now or scene.updated_at)
            for number, scene in enumerate(order, start=1)
        )
        return replace(
            self,
            version=self.version + 1,
            scenes=scenes,
            generator=self.generator if generator is None else generator,
            feedback=self.feedback if feedback is None else feedback,
            asked_ms=self.asked_ms if asked_ms is None else asked_ms,
            warnings=story_warnings([scene.content for scene in scenes], brief),
            highest_revision=max([self.highest_revision, *(scene.revision for scene in scenes)]),
        )

    def _require_open(self) -> None:
        if self.locked:
            raise StoryboardLocked("The storyboard is approved; reopen it to change it.")


def _rewritten(
    scene: Scene, content: SceneContent, revision: int, generator: str, now: datetime, prompt_version: str
) -> Scene:
    return replace(
        scene,
        content=content,
        revision=revision,
        generator=generator,
        updated_at=now,
        prompt_version=prompt_version,
    )


def _lasting(scene: Scene, duration_ms: int, by: str, now: datetime) -> Scene:
    """Only the length changed: whoever wrote the words still did."""
    if scene.duration_ms == duration_ms:
        return scene
    return replace(scene, content=scene.content.lasting(duration_ms), revision=scene.revision + 1, updated_at=now)
