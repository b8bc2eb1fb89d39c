"""What changed between two storyboards, as revisions to keep: the way back for every scene."""

from datetime import datetime

from adreel_scenes.domain.scene import SceneRevision
from adreel_scenes.domain.storyboard import Storyboard


def revisions_between(
    before: Storyboard, after: Storyboard, *, cause: str, changed_by: str, at: datetime
) -> tuple[SceneRevision, ...]:
    """Each scene of `before` whose content is not in `after` as it was, with who or what changed it."""
    now = {scene.scene_id: scene for scene in after.scenes}
    return tuple(
        SceneRevision(
            scene_id=scene.scene_id,
            number=scene.number,
            revision=scene.revision,
            content=scene.content,
            generator=scene.generator,
            cause=cause,
            changed_by=changed_by,
            changed_at=at,
            prompt_version=scene.prompt_version,
        )
        for scene in before.scenes
        if (later := now.get(scene.scene_id)) is None or later.revision != scene.revision
    )
