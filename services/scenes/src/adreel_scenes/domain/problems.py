"""A rule that is broken, said so that a person or a model can mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` is a path such as `scenes[2].duration`; `code` is stable; `message` says what to change."""

    code: str
    where: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "field": self.where, "message": self.message}


@dataclass(frozen=True, slots=True)
class StoryWarning:
    """Something allowed but doubtful, shown beside the storyboard. `scene_number` is None for the whole."""

    code: str
    message: str
    scene_number: int | None = None
