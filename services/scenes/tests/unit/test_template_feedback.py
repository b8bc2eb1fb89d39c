"""Feedback is understood and answered by the template writer."""

import pytest
from adreel_scenes.adapters.template.directions import read_directions
from adreel_scenes.adapters.template.writer import TemplateWriter
from adreel_scenes.domain.brief import SceneConstraints
from adreel_scenes.domain.ports import RewriteRequest, WriteRequest
from adreel_scenes.domain.speech import spoken_words
from adreel_scenes.domain.vocabulary import ShotType, Transition


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        ("make it shorter", {"length": -1}),
        ("This is too long", {"length": -1}),
        ("a bit longer please", {"length": 1}),
        ("make it 4 seconds", {"seconds": 4.0}),
        ("faster!", {"pace": 1}),
        ("way too slow", {"pace": 1}),
        ("slower", {"pace": -1}),
        ("it is too fast", {"pace": -1}),
        ("more energetic", {"tone": "energetic"}),
        ("Too boring", {"tone": "energetic"}),
        ("less energetic", {"tone": "calm"}),
        ("calmer", {"tone": "calm"}),
        ("not so loud", {"tone": "calm"}),
        ("more premium", {"tone": "premium"}),
        ("feels cheap, too cheap", {"tone": "premium"}),
        ("make it funny", {"tone": "playful"}),
        ("not funny, please", {"tone": "confident"}),
        ("too serious", {"tone": "playful"}),
        ("more emotional", {"tone": "warm"}),
        ("use a close-up", {"shot": ShotType.CLOSE_UP}),
        ("Wide shot would be better", {"shot": ShotType.WIDE}),
        ("from above with a drone", {"shot": ShotType.AERIAL}),
        ("no more close ups", {"avoided_shots": frozenset({ShotType.CLOSE_UP})}),
        ("not a close-up but a wide shot", {"avoided_shots": frozenset({ShotType.CLOSE_UP}), "shot": ShotType.WIDE}),
        ("crossfade into it", {"transition": Transition.CROSSFADE}),
        ("show the product", {"show_product": True}),
        ("mention the price", {"mention_price": True}),
        ("say it costs $199", {"mention_price": True, "price": "$199"}),
        ('say "never late again"', {"quotes": ("never late again",)}),
        ("use the line “Run wild”", {"quotes": ("Run wild",)}),
        ("less text", {"less_text": True}),
        ("too many words", {"less_text": True}),
        ("no people", {"no_people": True}),
        ("without any faces", {}),
        ("add a dog on the beach", {"wishes": ("a dog on the beach",), "setting": "by the sea"}),
        ("show the logo", {"show_logo": True}),
        (
            "More energetic, show the battery life and mention free shipping",
            {"tone": "energetic", "pace": 1, "wishes": ("the battery life",), "mentions": ("free shipping",)},
        ),
        ("mention the price and add a dog", {"mentions": (), "mention_price": True, "wishes": ("a dog",)}),
        ("show salt and pepper", {"wishes": ("salt and pepper",)}),
        ("Make it calmer and show the stream", {"tone": "calm", "pace": -1, "wishes": ("the stream",)}),
        ("at night", {"setting": "at night, lit by lamps and windows"}),
    ],
)
def test_words_become_directions(feedback, expected):
    directions = read_directions([feedback])
    for name, value in expected.items():
        assert getattr(directions, name) == value, directions


def test_quoted_words_are_said_not_obeyed():
    directions = read_directions(['say "faster, wider, funnier"'])
    assert (directions.pace, directions.shot, directions.tone) == (0, None, None)


def test_unknown_words_are_no_directions():
    assert not read_directions(["hmm, I am not convinced"]).understood


def test_later_feedback_overrides_earlier():
    assert read_directions(["more energetic", "calmer now"]).tone == "calm"


async def rewritten(
    build, feedback: str, number: int = 3, constraints: SceneConstraints | None = None, **brief_changes
):
    brief = build.brief(**brief_changes)
    scenes = (await TemplateWriter().write(WriteRequest(brief))).draft.scenes
    number = number if number > 0 else len(scenes)
    request = RewriteRequest(brief, scenes, number, feedback, constraints or SceneConstraints(), seed=1)
    content = (await TemplateWriter().rewrite_scene(request)).draft.scenes[0]
    return scenes[number - 1], content


async def test_shorter_and_longer_change_the_length(build):
    old, new = await rewritten(build, "make it shorter")
    assert new.duration_ms < old.duration_ms
    old, new = await rewritten(build, "make it longer")
    assert new.duration_ms > old.duration_ms


async def test_faster_shortens_and_cuts(build):
    old, new = await rewritten(build, "faster")
    assert new.duration_ms < old.duration_ms
    assert new.transition in ("fast cuts", "cut")


async def test_slower_lengthens_and_dissolves(build):
    old, new = await rewritten(build, "slower")
    assert new.duration_ms > old.duration_ms
    assert new.transition == "crossfade"


@pytest.mark.parametrize(
    ("feedback", "shot"), [("close-up please", "close-up"), ("go wide", "wide"), ("POV", "point of view")]
)
async def test_shot_asked_for_is_taken(build, feedback, shot):
    _, new = await rewritten(build, feedback)
    assert new.shot_type == shot


async def test_quoted_phrase_is_said_word_for_word(build):
    _, new = await rewritten(build, 'Please say "Nie wieder zu spät"')
    assert "Nie wieder zu spät." in new.script


async def test_price_in_the_feedback_is_said(build):
    _, new = await rewritten(build, "mention the price, it is $199.99")
    assert "$199.99" in new.script


async def test_less_text_means_fewer_words(build):
    old, new = await rewritten(build, "less text")
    assert spoken_words(new.script) < spoken_words(old.script)


async def test_product_asked_for_is_shown(build):
    asset = build.asset("Watch", "hero")
    _, new = await rewritten(build, "show the product", number=1, assets=(asset,))
    assert new.asset_ids == (asset.asset_id,)
    assert new.shot_type == "product feature"


async def test_wish_appears_in_the_picture(build):
    _, new = await rewritten(build, "add a golden retriever")
    assert "a golden retriever" in new.description


async def test_no_people_leaves_things_alone_in_the_picture(build):
    from adreel_scenes.adapters.template.phrasebook import phrase_book

    _, new = await rewritten(build, "no people", number=1)
    objects = phrase_book().categories["tech"].objects
    opening = new.description.split(". ")[0]
    assert any(line.split("{product}")[-1].split("[")[0].strip(" ,") in opening for line in objects)
    assert not any(
        line.replace("{product}", "the Smart Watch") in opening for line in phrase_book().categories["tech"].people
    )


async def test_tone_asked_for_is_taken(build):
    _, new = await rewritten(build, "more premium please")
    assert new.metadata["tone"] == "premium"


async def test_unknown_feedback_still_brings_another_angle_and_is_kept(build):
    old, new = await rewritten(build, "Hmm, I am not sure about this one")
    assert (new.script, new.description) != (old.script, old.description)
    assert new.metadata["feedback"] == "Hmm, I am not sure about this one"
    assert new.metadata["feedbackUnderstood"] is False


async def test_constraints_are_kept(build):
    constraints = SceneConstraints(duration_ms=6_500, style="vintage", shot_type="Dutch angle")
    _, new = await rewritten(build, "", constraints=constraints)
    assert (new.duration_ms, new.shot_type, new.metadata["style"]) == (6_500, "Dutch angle", "vintage")


async def test_last_scene_keeps_its_call_to_action_whatever_is_said(build):
    for feedback in ("shorter", "less text", 'say "hello"', "funny", "no people", ""):
        _, new = await rewritten(build, feedback, number=-1)
        assert "Buy Now" in new.script


async def test_feedback_on_the_whole_changes_the_whole(build):
    plain = (await TemplateWriter().write(WriteRequest(build.brief(tone="")))).draft.scenes
    brief = build.brief(tone="", feedback=('Calmer, and say "Time is yours"',))
    calm = (await TemplateWriter().write(WriteRequest(brief, previous=plain))).draft.scenes
    assert {scene.metadata["tone"] for scene in calm} == {"calm"}
    assert len(calm) < len(plain)
    assert "Time is yours." in " ".join(scene.script for scene in calm)


async def test_each_clause_of_the_feedback_is_answered(build):
    old, new = await rewritten(build, "More energetic, show the battery life and mention free shipping")
    assert new.duration_ms < old.duration_ms
    assert "the battery life" in new.description
    assert "shipping" not in new.description
    assert "Free shipping, too." in new.script


async def test_picture_asked_for_by_what_it_shows_is_taken(build):
    assets = tuple(build.asset(name, "") for name in ("The cliffs", "The stream in the beech wood", "The ridge"))
    for number in (1, 2, 3, 4):
        _, new = await rewritten(build, "Make it calmer and show the stream", number=number, assets=assets)
        assert assets[1].asset_id in new.asset_ids
        assert "The stream in the beech wood" in new.description
        assert "the stream" not in new.description.replace("The stream", "")


async def test_what_the_whole_film_should_mention_is_said(build):
    brief = build.brief(feedback=("Please mention free shipping",))
    scenes = (await TemplateWriter().write(WriteRequest(brief))).draft.scenes
    assert "free shipping" in " ".join(scene.script for scene in scenes).lower()
