"""The template writer: storyboards without a model, from a copybook, repeatable for a seed.

Brief, brand, assets and feedback all steer it: the kind of product chooses the words and places, tone and style the
voice and light, assets are cast by role, and feedback changes pace, shots, wording and assets. What it writes satisfies
the storyboard's rules by construction; the rules are checked all the same before anything is handed out.
"""

from random import Random

from adreel_scenes.adapters.template.directions import read_directions
from adreel_scenes.adapters.template.retelling import retell_scene
from adreel_scenes.adapters.template.setup import set_up
from adreel_scenes.adapters.template.storytelling import tell_story
from adreel_scenes.domain.errors import StoryboardInvalid
from adreel_scenes.domain.ports import RewriteRequest, WriteRequest, WriterResult
from adreel_scenes.domain.rules import draft_problems, rewrite_problems
from adreel_scenes.domain.scene import StoryboardDraft
from adreel_scenes.domain.usage import Usage

PROVIDER = "template"
VERSION = "template.v2"


class TemplateWriter:
    """A `StoryboardWriter` that needs no key and costs nothing."""

    async def write(self, request: WriteRequest) -> WriterResult:
        """A storyboard; with `previous` scenes, one that differs from them in shape and words.

        Raises DurationOutOfReach if the backend's clips cannot fill the length.
        """
        setup = set_up(request.brief, read_directions(request.brief.feedback), note=" ".join(request.brief.feedback))
        random = Random(f"{VERSION}|{request.seed}|{'|'.join(request.brief.feedback)}|{len(request.previous)}")
        draft = StoryboardDraft(tuple(tell_story(setup, random, request.previous)))
        if problems := draft_problems(draft.scenes, setup.brief):
            raise StoryboardInvalid(problems)
        return _result(draft)

    async def rewrite_scene(self, request: RewriteRequest) -> WriterResult:
        """One scene anew: other words and another picture, as the feedback asks; the rest of the film stays."""
        directions = read_directions([request.feedback] if request.feedback.strip() else [])
        setup = set_up(request.brief, directions, note=request.feedback, style=request.constraints.style or "")
        random = Random(f"{VERSION}|{request.seed}|{request.number}|{request.feedback}|{len(request.brief.feedback)}")
        content = retell_scene(setup, request, random)
        if problems := rewrite_problems(request.number, content, request.scenes, setup.brief):
            raise StoryboardInvalid(problems)
        return _result(StoryboardDraft((content,)))


def _result(draft: StoryboardDraft) -> WriterResult:
    return WriterResult(draft, provider=PROVIDER, model="", usage=Usage(), prompt_version=VERSION)
