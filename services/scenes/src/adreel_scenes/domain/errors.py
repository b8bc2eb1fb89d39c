"""Expected errors of storyboards.

AppError
├── Invalid
│   ├── StoryboardInvalid          a draft breaks the rules; `details.problems` says where
│   ├── SceneInvalid               an edit breaks the rules; `details.fields` says where
│   ├── DurationOutOfReach         no number of scenes fills this length with this backend's clips
│   ├── MusicRequestInvalid        a request for music-video scenes has no idea, too many scenes, ...
│   └── OutputDirRefused           an output directory that is no plain name below the output root
├── NotFound
│   └── SceneNotFound, RevisionNotFound, StoryboardNotFound, MusicTaskNotFound
├── Conflict
│   ├── StoryboardLocked           approved: reopen it first
│   ├── StoryboardNotLocked        only a locked storyboard can be reopened
│   ├── StoryboardVersionStale     someone changed it since it was read
│   ├── SceneRevisionStale         someone changed the scene since it was read (412)
│   └── SceneBeingRewritten        a writer is at work on it
├── OutputUnwritable               the output root cannot be written
└── WriterError                    a model did not give a usable answer; carries what the calls used
    └── one class per reason, in `domain/writer_errors.py`
"""

from collections.abc import Sequence

from adreel_kit.errors import AppError, Conflict, ErrorKind, Invalid, NotFound

from adreel_scenes.domain.problems import Problem


class StoryboardInvalid(Invalid):
    """A draft breaks the rules of a storyboard."""

    code = "STORYBOARD_INVALID"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            "The storyboard breaks its rules: " + " ".join(problem.message for problem in problems[:3]),
            details={"problems": [problem.as_dict() for problem in problems]},
        )
        self.problems = tuple(problems)


class SceneInvalid(Invalid):
    """An edit of a scene, or of the order of scenes, breaks the rules."""

    code = "VALIDATION_ERROR"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            " ".join(problem.message for problem in problems[:3]),
            details={"fields": [problem.as_dict() for problem in problems]},
        )
        self.problems = tuple(problems)


class DurationOutOfReach(Invalid):
    """The film is too long (or too short) for the scenes that settings and backend allow."""

    code = "DURATION_OUT_OF_REACH"


class SceneNotFound(NotFound):
    """The storyboard has no scene of this number."""

    code = "SCENE_NOT_FOUND"


class RevisionNotFound(NotFound):
    """The scene never had this revision."""

    code = "REVISION_NOT_FOUND"


class StoryboardLocked(Conflict):
    """The storyboard is approved and does not change."""

    code = "STORYBOARD_LOCKED"


class StoryboardNotLocked(Conflict):
    """Only an approved storyboard can be reopened."""

    code = "STORYBOARD_NOT_LOCKED"


class StoryboardVersionStale(Conflict):
    """The version named is not the latest."""

    code = "STORYBOARD_VERSION_STALE"


class SceneRevisionStale(Conflict):
    """The scene changed since the caller read it."""

    code = "SCENE_REVISION_STALE"
    http_status = 412


class StoryboardNotFound(NotFound):
    """No storyboard was written for the job yet."""

    code = "STORYBOARD_NOT_FOUND"


class SceneBeingRewritten(Conflict):
    """A writer is at work on this part of the storyboard."""

    code = "SCENE_BEING_REWRITTEN"


class MusicRequestInvalid(Invalid):
    """Music-video scenes cannot be written for this request."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", details={"fields": [{"field": field, "message": message}]})


class OutputDirRefused(MusicRequestInvalid):
    """The output directory is no plain name below the output root, or something else has its name."""

    def __init__(self, message: str) -> None:
        super().__init__("output_dir", message)


class OutputUnwritable(AppError):
    """Files cannot be written below the output root: no room, no right, no directory."""

    kind = ErrorKind.INTERNAL
    code = "OUTPUT_UNWRITABLE"


class MusicTaskNotFound(NotFound):
    """There is no such task, or not for this caller."""
