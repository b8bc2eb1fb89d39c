"""The ports to whoever writes storyboards and music-video scenes, to what they look at, and to where files go.

A writer is stateless and safe to call again, but a call of a model costs money: the caller decides about repeats.
A result's draft satisfies `rules.draft_problems` (a rewritten scene `rules.rewrite_problems`) or the writer raises.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from adreel_scenes.domain.brief import NO_CONSTRAINTS, SceneConstraints, StoryBrief
from adreel_scenes.domain.music import MusicSceneRequest, MusicSceneResult
from adreel_scenes.domain.scene import SceneContent, StoryboardDraft
from adreel_scenes.domain.usage import Usage


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of an asset, for a model to look at. `media_type` is one of `PICTURE_TYPES`."""

    asset_id: str
    content: bytes
    media_type: str


PICTURE_TYPES = ("image/jpeg", "image/png", "image/webp")


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """A whole storyboard. `previous` are the scenes it replaces (empty for the first), which it should differ from.

    `seed` makes the no-key writer repeatable; model writers ignore it. `pictures` show some of the brief's assets.
    """

    brief: StoryBrief
    seed: int = 0
    previous: tuple[SceneContent, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class RewriteRequest:
    """One scene of `scenes` anew. `feedback` is what was said about this scene now; `number` counts from 1."""

    brief: StoryBrief
    scenes: tuple[SceneContent, ...]
    number: int
    feedback: str = ""
    constraints: SceneConstraints = NO_CONSTRAINTS
    seed: int = 0
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class WriterResult:
    """A draft (of one scene for a rewrite), who made it, what it used, and the version of the prompt it came from."""

    draft: StoryboardDraft
    provider: str
    model: str
    usage: Usage
    prompt_version: str

    @property
    def generator(self) -> str:
        """As scenes show it: the provider and model, or "template" alone."""
        return f"{self.provider}:{self.model}" if self.model else self.provider


class StoryboardWriter(Protocol):
    """Raises a class of `writer_errors` when no usable draft came of it; those carry the usage, too."""

    async def write(self, request: WriteRequest) -> WriterResult: ...

    async def rewrite_scene(self, request: RewriteRequest) -> WriterResult: ...


class MusicSceneWriter(Protocol):
    """Writes music-video scenes. Raises a class of `writer_errors`."""

    async def write_music_scenes(self, request: MusicSceneRequest) -> MusicSceneResult: ...


class AssetPictures(Protocol):
    """Small pictures of assets. A storyboard can be written without them, so nothing is raised for one that is away."""

    async def pictures(self, asset_ids: Sequence[str]) -> tuple[Picture, ...]:
        """Those of the assets that can be had now, in the order asked for; bounded in time, number and size."""


class OutputRoot(Protocol):
    """Where files for whoever runs the service go, by names below one root. Safe to repeat."""

    async def check(self, parts: Sequence[str]) -> None:
        """Raise OutputDirRefused where the directory leads elsewhere. Makes nothing."""

    async def write(self, parts: Sequence[str], files: Mapping[str, bytes]) -> dict[str, str]:
        """Write whole files; returns their paths below the root. Raises OutputDirRefused, OutputUnwritable."""
