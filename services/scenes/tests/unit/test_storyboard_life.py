"""Any brief, any life: written, edited, added to, cut, reordered, regenerated, restored, approved, reopened.

What SPEC 2.3 promises of a storyboard holds after every step; what a step refuses changes nothing.
"""

from collections.abc import Coroutine
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from adreel_kit.errors import AppError
from adreel_scenes.adapters.template.writer import TemplateWriter
from adreel_scenes.domain.brief import AdBrief, AssetType, SceneAsset, SceneConstraints, StoryBrief, VideoWish
from adreel_scenes.domain.errors import SceneInvalid, StoryboardLocked
from adreel_scenes.domain.history import revisions_between
from adreel_scenes.domain.limits import BACKENDS
from adreel_scenes.domain.ports import RewriteRequest, WriteRequest
from adreel_scenes.domain.rules import carries_call_to_action, draft_problems, unused_visual_assets
from adreel_scenes.domain.scene import SceneContent, SceneEdit, SceneRevision
from adreel_scenes.domain.storyboard import Storyboard
from adreel_scenes.domain.timing import scene_bounds_ms
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

NOW = datetime(2026, 1, 1, tzinfo=UTC)

_TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ["Smart", "Watch", "東京", "🔥", "buy now", "0", "0.", "$5", "{x}", "<b>", "“a. a”", "the", "\n"]
        ),
        max_size=8,
    ).map(" ".join),
)
_ASSETS = st.lists(
    st.tuples(st.sampled_from(AssetType), _TEXTS, st.sampled_from(["", "hero", "logo", "background"])), max_size=8
)
_PLACES = st.integers(0, 6)
_LENGTHS = st.integers(200, 40_000)


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never waits, which the template writer's do not."""
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waited")


class StoryboardLife(RuleBasedStateMachine):
    """One storyboard and what is remembered of it."""

    @initialize(
        product=_TEXTS, message=_TEXTS, call=_TEXTS, tone=_TEXTS, assets=_ASSETS,
        ms=st.integers(5_000, 120_000), backend=st.sampled_from(sorted(BACKENDS)), seed=st.integers(0, 99),
    )  # fmt: skip
    def write(self, product, message, call, tone, assets, ms, backend, seed):
        self.ids = count(1)
        self.locked_as: Storyboard | None = None
        self.history: list[SceneRevision] = []
        self.seen: dict[tuple[int, int], tuple[UUID, SceneContent]] = {}
        limits = BACKENDS[backend]
        # A film that no clips can fill is refused before there is a storyboard; that has tests of its own.
        ms = min(ms, limits.longest_clip_ms * 7)
        ms = max(ms, 5_000)
        self.brief = StoryBrief(
            ad=AdBrief(product, "everyone", message, call, "Modern", tone),
            assets=tuple(SceneAsset(str(UUID(int=n + 1)), *asset, 1600, 900) for n, asset in enumerate(assets)),
            video=VideoWish(duration_ms=ms),
            backend=limits,
        ).cleaned()
        self.asked_ms = ms
        draft = done(TemplateWriter().write(WriteRequest(self.brief, seed=seed))).draft
        self.board = Storyboard.from_draft(self.new_id(), draft, self.brief, "template", NOW, self.new_id)
        self.is_written_whole = True

    def new_id(self) -> UUID:
        return UUID(int=next(self.ids))

    def number(self, place: int) -> int:
        return place % len(self.board.scenes) + 1

    def step(self, change, *, cause: str) -> bool:
        """Try a change; whether it was taken. One that was not has changed nothing."""
        before = self.board
        try:
            after = change()
        except AppError as error:
            # What it may be refused for; anything else is a fault of ours.
            if not isinstance(error, StoryboardLocked if before.locked else SceneInvalid):
                raise
            return False
        assert not before.locked
        self.history += revisions_between(before, after, cause=cause, changed_by="user", at=NOW)
        if after is not before:
            assert after.version == before.version + 1
            self.is_written_whole = False
        self.board = after
        return True

    @rule(place=_PLACES, ms=_LENGTHS, text=_TEXTS, rebalance=st.booleans())
    def edit(self, place, ms, text, rebalance):
        edit = SceneEdit(duration_ms=ms, script=text, description=text or None)
        before = self.board
        taken = self.step(
            lambda: self.board.edit_scene(self.number(place), edit, self.brief, NOW, rebalance=rebalance), cause="edit"
        )
        if taken and rebalance and self.board is not before:
            assert self.board.duration_ms == self.asked_ms

    @rule(place=_PLACES, wanted=st.lists(st.integers(0, 9), max_size=4))
    def cast(self, place, wanted):
        known = [asset.asset_id for asset in self.brief.assets]
        ids = tuple(dict.fromkeys(known[n] if n < len(known) else str(UUID(int=99 + n)) for n in wanted))
        taken = self.step(
            lambda: self.board.edit_scene(self.number(place), SceneEdit(asset_ids=ids), self.brief, NOW), cause="edit"
        )
        assert not taken or set(ids) <= self.brief.asset_ids

    @rule(place=_PLACES, ms=_LENGTHS, text=_TEXTS, rebalance=st.booleans())
    def add(self, place, ms, text, rebalance):
        content = SceneContent(ms, f"A street. {text}", text, "wide", "cut")
        number = place % (len(self.board.scenes) + 1) + 1
        self.step(
            lambda: self.board.add_scene(number, content, self.brief, NOW, self.new_id, rebalance=rebalance),
            cause="add",
        )

    @rule(place=_PLACES, rebalance=st.booleans())
    def remove(self, place, rebalance):
        self.step(
            lambda: self.board.remove_scene(self.number(place), self.brief, NOW, rebalance=rebalance), cause="delete"
        )

    @rule(order=st.randoms(use_true_random=False))
    def reorder(self, order):
        numbers = [scene.number for scene in self.board.scenes]
        order.shuffle(numbers)
        words = sorted(scene.content.script for scene in self.board.scenes)
        self.step(lambda: self.board.reorder(numbers, self.brief, NOW), cause="reorder")
        assert sorted(scene.content.script for scene in self.board.scenes) == words

    @rule(place=_PLACES, which=st.integers(0, 99))
    @precondition(lambda self: self.history)
    def restore(self, place, which):
        earlier = self.history[which % len(self.history)]
        taken = self.step(
            lambda: self.board.restore_scene(self.number(place), earlier.content, self.brief, NOW), cause="restore"
        )
        assert not taken or self.board.scene(self.number(place)).content.script == earlier.content.script

    @rule(place=_PLACES, feedback=_TEXTS, ms=st.none() | _LENGTHS, shot=st.none() | st.just("aerial"))
    @precondition(lambda self: not self.board.locked)
    def regenerate(self, place, feedback, ms, shot):
        number, before = self.number(place), self.board
        request = RewriteRequest(
            self.brief, before.contents, number, feedback, SceneConstraints(duration_ms=ms, shot_type=shot), seed=place
        )
        content = done(TemplateWriter().rewrite_scene(request)).draft.scenes[0]
        assert self.step(
            lambda: self.board.replace_scene(number, content, self.brief, "template", NOW), cause="regenerate"
        )
        assert self.board.duration_ms == before.duration_ms
        for was, now in zip(before.scenes, self.board.scenes, strict=True):
            if was.number != number:
                assert was.content.lasting(1) == now.content.lasting(1)
        if number == len(before.scenes):
            assert carries_call_to_action(self.board.scenes[-1].content.script, self.brief.ad.call_to_action)

    @rule(seed=st.integers(0, 99))
    @precondition(lambda self: not self.board.locked)
    def regenerate_all(self, seed):
        draft = done(TemplateWriter().write(WriteRequest(self.brief, seed, self.board.contents))).draft
        assert self.step(lambda: self.board.accept(draft, self.brief, "template", NOW, self.new_id), cause="write")
        self.is_written_whole = True

    @rule()
    def approve(self):
        self.board = self.locked_as = self.board.lock()

    @rule()
    @precondition(lambda self: self.board.locked)
    def reopen(self):
        self.board, self.locked_as = self.board.reopen(), None

    @invariant()
    def scenes_are_numbered_from_one_and_of_the_number_allowed(self):
        assert [scene.number for scene in self.board.scenes] == list(range(1, len(self.board.scenes) + 1))
        assert self.brief.limits.min_scenes <= len(self.board.scenes) <= self.brief.limits.max_scenes
        assert len({scene.scene_id for scene in self.board.scenes}) == len(self.board.scenes)

    @invariant()
    def every_scene_can_be_made_of_assets_that_exist(self):
        low_ms, high_ms = scene_bounds_ms(self.asked_ms, self.brief.limits, self.brief.backend)
        for scene in self.board.scenes:
            assert low_ms <= scene.duration_ms <= high_ms
            assert set(scene.content.asset_ids) <= self.brief.asset_ids
            assert scene.content.description.strip()

    @invariant()
    def what_a_writer_wrote_whole_keeps_every_rule(self):
        if self.is_written_whole:
            assert draft_problems(self.board.contents, self.brief) == []
            assert self.board.duration_ms == self.asked_ms
            assert carries_call_to_action(self.board.scenes[-1].content.script, self.brief.ad.call_to_action)
            if len(self.brief.visual_assets) <= len(self.board.scenes):
                assert unused_visual_assets(self.board.contents, self.brief) == []

    @invariant()
    def a_length_that_left_what_was_asked_draws_a_warning(self):
        is_off = abs(self.board.duration_ms - self.asked_ms) > 100
        assert is_off == any("DURATION" in warning.code for warning in self.board.warnings)

    @invariant()
    def a_number_and_revision_never_name_two_contents(self):
        for scene in self.board.scenes:
            shown = (scene.scene_id, scene.content)
            assert self.seen.setdefault((scene.number, scene.revision), shown) == shown

    @invariant()
    def what_is_approved_stays_as_it_was(self):
        assert self.locked_as is None or self.board is self.locked_as


StoryboardLife.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStoryboardLife = StoryboardLife.TestCase
