"""Storyboards from a language model of any vendor: ask, read, and ask once more if the answer broke rules.

What holds for every model lives here: the prompt, the reading of the answer, one attempt to have it repaired, one
repeat of a call that failed in passing, the deadline, and the count of what all calls used, also when nothing came of
them. A vendor's adapter only carries one conversation to its API and says how it ended (`ChatModel`).
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from adreel_kit.logging import get_logger

from adreel_scenes.adapters.llm_schemas import MUSIC_SCHEMA, SCENE_SCHEMA, STORYBOARD_SCHEMA
from adreel_scenes.adapters.prompt_files import PromptFiles, packaged_prompts
from adreel_scenes.adapters.prompting import Prompt, music_prompt, repair_prompt, scene_prompt, storyboard_prompt
from adreel_scenes.domain.brief import SceneConstraints
from adreel_scenes.domain.draft import Reading, mended, read_scene, read_storyboard, with_call_to_action
from adreel_scenes.domain.errors import DurationOutOfReach
from adreel_scenes.domain.music import MusicScene, MusicSceneRequest, MusicSceneResult
from adreel_scenes.domain.music_draft import read_music_scenes
from adreel_scenes.domain.plain_text import cut_at_word, plain_text
from adreel_scenes.domain.ports import Picture, RewriteRequest, WriteRequest, WriterResult
from adreel_scenes.domain.problems import Problem
from adreel_scenes.domain.rules import draft_problems
from adreel_scenes.domain.scene import SceneContent, StoryboardDraft
from adreel_scenes.domain.usage import UNKNOWN_CALL, Usage
from adreel_scenes.domain.vocabulary import MAX_TERM_CHARACTERS, known_shot
from adreel_scenes.domain.writer_errors import (
    ModelOutputInvalid,
    ProviderRateLimited,
    ProviderRefusedRequest,
    ProviderTimeout,
    ProviderUnavailable,
    WriterError,
)

T = TypeVar("T")
log = get_logger(__name__)
JSONSchema = Mapping[str, object]
# A longer wait than this is for whoever scheduled the work, not for a worker holding its lease.
_LONGEST_PAUSE_SECONDS = 8.0
# A bad answer goes back to the model that is to mend it, at our cost; far more than this is none that can be mended.
_MOST_REPEATED = 60_000
# How servers without eyes put it: "image input is not supported", "At most 0 image(s)", "not a multimodal model".
_PICTURE_WORDS = re.compile(r"image|vision|multi.?modal|mmproj", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the conversation; the model's own turns are `is_model`.

    `pictures`, by the names that the text uses for them, follow it.
    """

    text: str
    is_model: bool = False
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's whole answer and what it used."""

    text: str
    usage: Usage


class ChatModel(Protocol):
    """One vendor's model. `complete` makes exactly one billable request and never repeats it by itself.

    Raises a class of `writer_errors` whose usage counts that request; `asyncio.CancelledError` passes through.
    """

    provider: str
    model: str

    async def complete(
        self, system: str, turns: Sequence[Turn], schema_name: str, schema: JSONSchema
    ) -> Completion: ...

    async def aclose(self) -> None: ...


class ModelWriter:
    """A `StoryboardWriter` and `MusicSceneWriter` over a `ChatModel`."""

    def __init__(
        self,
        model: ChatModel,
        *,
        deadline_seconds: float,
        prompts: PromptFiles | None = None,
        music_prompts: Mapping[str, str] | None = None,
        pause_seconds: float = 0.5,
    ) -> None:
        """`deadline_seconds` covers all calls of one piece of writing, `pause_seconds` comes before a repeat."""
        self._model = model
        self._deadline_seconds = deadline_seconds
        self._prompts = prompts or packaged_prompts()
        self._music_prompts = music_prompts
        self._pause_seconds = pause_seconds
        # Servers on one's own machine often have no eyes; the first refusal tells.
        self._sees_pictures = True

    async def write(self, request: WriteRequest) -> WriterResult:
        """Raises DurationOutOfReach before any call if no number of scenes fits the film."""
        brief = request.brief.cleaned()
        try:
            prompt = storyboard_prompt(replace(request, brief=brief), self._prompts)
        except ValueError:
            raise DurationOutOfReach(
                f"A film of {brief.video.duration_ms / 1000:g} s cannot be told in {brief.limits.min_scenes} to "
                f"{brief.limits.max_scenes} clips of the {brief.backend.name} backend.",
            ) from None

        def read(text: str) -> Reading:
            return read_storyboard(text, brief, prompt.asset_names)

        def mend(draft: StoryboardDraft) -> Reading:
            better = mended(draft, brief)
            return Reading(better, tuple(draft_problems(better.scenes, brief)))

        return await self._drafted(prompt, "storyboard", STORYBOARD_SCHEMA, read, mend)

    async def rewrite_scene(self, request: RewriteRequest) -> WriterResult:
        brief = request.brief.cleaned()
        prompt = scene_prompt(replace(request, brief=brief), self._prompts)
        is_last = request.number == len(request.scenes)

        def read(text: str) -> Reading:
            reading = read_scene(text, request.number, request.scenes, brief, prompt.asset_names)
            if reading.draft is None:
                return reading
            scene = _constrained(reading.draft.scenes[0], request.constraints)
            return Reading(StoryboardDraft((scene,)), reading.problems)

        def mend(draft: StoryboardDraft) -> Reading:
            scene = with_call_to_action(draft.scenes[0], brief.ad.call_to_action) if is_last else draft.scenes[0]
            return read(json.dumps(_as_answer(scene, prompt)))

        return await self._drafted(prompt, "scene", SCENE_SCHEMA, read, mend)

    async def write_music_scenes(self, request: MusicSceneRequest) -> MusicSceneResult:
        request = request.cleaned()
        prompt = music_prompt(request, self._music_prompts)
        meter = _Meter()

        async def ask() -> tuple[MusicScene, ...]:
            problems: tuple[Problem, ...] = ()
            turns = [Turn(prompt.user)]
            for _ in range(2):
                answer = await self._complete(prompt.system, turns, "music_scenes", MUSIC_SCHEMA, meter)
                scenes, problems = read_music_scenes(answer, request.number_of_scenes)
                if not problems:
                    return scenes
                turns += [Turn(answer[:_MOST_REPEATED] or "(nothing)", is_model=True), Turn(self._repair(problems))]
            raise self._invalid(problems, meter)

        scenes = await self._in_time(ask(), meter)
        return MusicSceneResult(scenes, self._model.provider, self._model.model, meter.usage, prompt.version)

    async def aclose(self) -> None:
        await self._model.aclose()

    async def _drafted(
        self,
        prompt: Prompt,
        schema_name: str,
        schema: JSONSchema,
        read: Callable[[str], Reading],
        mend: Callable[[StoryboardDraft], Reading],
    ) -> WriterResult:
        meter = _Meter()

        async def ask() -> StoryboardDraft:
            turns = [Turn(prompt.user, pictures=prompt.pictures)]
            answer = await self._complete(prompt.system, turns, schema_name, schema, meter)
            first = read(answer)
            if first.is_usable and first.draft is not None:
                return first.draft
            turns += [Turn(answer[:_MOST_REPEATED] or "(nothing)", is_model=True), Turn(self._repair(first.problems))]
            second = read(await self._complete(prompt.system, turns, schema_name, schema, meter))
            # The later answer is the better one as a rule; either may be one that we can mend ourselves.
            for reading in (second, first):
                if reading.draft is None:
                    continue
                better = reading if reading.is_usable else mend(reading.draft)
                if better.is_usable and better.draft is not None:
                    return better.draft
            raise self._invalid(second.problems, meter)

        draft = await self._in_time(ask(), meter)
        return WriterResult(draft, self._model.provider, self._model.model, meter.usage, prompt.version)

    async def _in_time(self, work: Awaitable[T], meter: "_Meter") -> T:
        """The result of the work within the deadline, which covers repairs and repeats, too."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await work
        except TimeoutError:
            # The request that was cut off may have been charged: it counts as a call of unknown size.
            raise ProviderTimeout(
                f"{self._model.model} did not answer within {self._deadline_seconds:g} s.",
                provider=self._model.provider,
                usage=meter.usage + UNKNOWN_CALL,
            ) from None

    async def _complete(
        self, system: str, turns: Sequence[Turn], schema_name: str, schema: JSONSchema, meter: "_Meter"
    ) -> str:
        """One answer; a call that failed in passing is made once more (text costs little, and both are counted)."""
        for is_last_try in (False, True):
            shown = turns if self._sees_pictures else [replace(turn, pictures={}) for turn in turns]
            try:
                completion = await self._model.complete(system, shown, schema_name, schema)
            except WriterError as error:
                meter.add(error.usage)
                error.usage = meter.usage
                if not is_last_try and any(turn.pictures for turn in shown) and _is_about_pictures(error):
                    log.warning("model.sees_no_pictures", model=self._model.model, told=error.message)
                    self._sees_pictures = False
                    continue
                pause = self._pause_before_repeat(error)
                if is_last_try or pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                meter.add(completion.usage)
                return completion.text
        raise AssertionError("unreachable")

    def _pause_before_repeat(self, error: WriterError) -> float | None:
        """How long to wait before the one repeat; None if a repeat is of no use."""
        if isinstance(error, ProviderUnavailable):
            return self._pause_seconds
        hint = error.retry_after_seconds
        if isinstance(error, ProviderRateLimited) and hint is not None and hint <= _LONGEST_PAUSE_SECONDS:
            return max(hint, self._pause_seconds)
        return None

    def _repair(self, problems: Sequence[Problem]) -> str:
        return repair_prompt(problems, self._prompts)

    def _invalid(self, problems: tuple[Problem, ...], meter: "_Meter") -> ModelOutputInvalid:
        return ModelOutputInvalid(
            f"{self._model.model} did not write a usable answer, also after it was told what was wrong.",
            provider=self._model.provider,
            usage=meter.usage,
            problems=problems,
        )


def _constrained(scene: SceneContent, constraints: SceneConstraints) -> SceneContent:
    """The scene with the customer's length and shot, which are not the model's to change."""
    if constraints.duration_ms is not None:
        scene = scene.lasting(constraints.duration_ms)
    if wanted := plain_text(constraints.shot_type or ""):
        known = known_shot(wanted)
        scene = replace(scene, shot_type=str(known or cut_at_word(wanted, MAX_TERM_CHARACTERS)))
    return scene


def _is_about_pictures(error: WriterError) -> bool:
    """Whether a server refused the pictures rather than the words."""
    if isinstance(error, ProviderRefusedRequest) and error.details.get("status") in (413, 415):
        return True
    return isinstance(error, ProviderRefusedRequest | ProviderUnavailable) and bool(
        _PICTURE_WORDS.search(error.message)
    )


def _as_answer(scene: SceneContent, prompt: Prompt) -> dict[str, object]:
    """A scene in the form that a model gives it, to be read and judged again."""
    names = {asset_id: name for name, asset_id in prompt.asset_names.items()}
    return {
        "duration_seconds": scene.duration_ms / 1000,
        "description": scene.description,
        "script": scene.script,
        "shot_type": scene.shot_type,
        "transition": scene.transition,
        "asset_ids": [names[asset_id] for asset_id in scene.asset_ids if asset_id in names],
    }


class _Meter:
    """What all calls of one piece of writing used."""

    def __init__(self) -> None:
        self.usage = Usage()

    def add(self, usage: Usage) -> None:
        self.usage = self.usage + usage
