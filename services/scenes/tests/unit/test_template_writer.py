"""The template writer: what it writes is a real storyboard for any brief, and the brief visibly matters."""

import re
from dataclasses import replace

import pytest
from adreel_scenes.adapters.template.setup import pace_of
from adreel_scenes.adapters.template.wording import NounPhrase, sentence_key, sentences
from adreel_scenes.adapters.template.writer import TemplateWriter
from adreel_scenes.domain.brief import AdBrief, AssetType, Brand, Campaign, SceneAsset, StoryBrief, VideoWish
from adreel_scenes.domain.errors import DurationOutOfReach
from adreel_scenes.domain.limits import LOCAL_BACKEND, OMNI_BACKEND, VEO_BACKEND
from adreel_scenes.domain.ports import RewriteRequest, WriteRequest
from adreel_scenes.domain.rules import carries_call_to_action, draft_problems, rewrite_problems
from adreel_scenes.domain.speech import spoken_words
from adreel_scenes.domain.vocabulary import known_shot, known_transition
from adreel_scenes.domain.warnings import story_warnings
from adreel_scenes.usecases.estimate_storyboard import EstimateStoryboard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_LEFTOVER = re.compile(r"\{\w*\}|\[[^\]]*\|[^\]]*\]|lorem ipsum|TODO|placeholder|\bNone\b|\bnull\b")


async def written(brief: StoryBrief, seed: int = 0):
    return (await TemplateWriter().write(WriteRequest(brief, seed=seed))).draft.scenes


def own_sentences(scenes, brief: StoryBrief) -> list[str]:
    """Every sentence of scripts and descriptions but for the user's call to action, which may repeat itself."""
    call = brief.cleaned().ad.call_to_action
    texts = [scene.script for scene in scenes] + [scene.description for scene in scenes]
    keys = [sentence_key(part) for text in texts for part in sentences(text)]
    return [key for key in keys if not (call and key and key in sentence_key(call))]


async def test_same_seed_same_storyboard_other_seed_another(build):
    brief = build.brief(assets=(build.asset(),))
    assert await written(brief, 1) == await written(brief, 1)
    assert await written(brief, 1) != await written(brief, 2)


async def test_result_says_that_no_model_wrote_it(build):
    result = await TemplateWriter().write(WriteRequest(build.brief()))
    assert (result.generator, result.usage.calls) == ("template", 0)


async def test_the_users_words_are_heard_and_seen(build):
    brief = build.brief(
        message="Stay connected",
        elements=("old harbour", "red umbrella"),
        style="Brutalist",
        assets=(build.asset("Dial at dusk"),),
        brand=Brand("Chronos", ("#0A84FF",), ("Inter",), "", has_logo=True),
    )
    scenes = await written(brief)
    said = " ".join(scene.script for scene in scenes)
    seen = " ".join(scene.description for scene in scenes)
    for words in ("Smart Watch", "Stay connected", "tech enthusiasts", "Buy Now"):
        assert words in said
    for words in ("old harbour", "red umbrella", "Brutalist", "Dial at dusk", "#0A84FF", "Inter", "Chronos logo"):
        assert words in seen
    assert scenes[-1].script.rstrip(".").endswith("Buy Now")


async def test_price_of_the_campaign_is_said(build):
    scenes = await written(build.brief(campaign=Campaign(brief="Only $9 a month this spring")))
    assert "$9 a month" in " ".join(scene.script for scene in scenes)


@pytest.mark.parametrize(
    ("tone", "transition"), [("Energetic", "cut"), ("Calm", "fade in"), ("luxury", "fade in"), ("funny", "cut")]
)
async def test_tone_decides_how_the_film_opens(build, tone, transition):
    scenes = await written(build.brief(tone=tone))
    assert scenes[0].transition == transition
    assert len({scene.shot_type for scene in scenes}) >= 3
    assert len({scene.transition for scene in scenes}) >= 2


@pytest.mark.parametrize(
    ("product", "call", "words", "never"),
    [
        ("Morning Roast coffee", "Order today", ("sip", "cup", "taste", "pour", "aroma", "drink"), "try them"),
        (
            "Clean Water Fund",
            "Donate today",
            ("help", "hope", "together", "need", "gift", "child", "somewhere", "day", "look away"),
            "try it",
        ),
        (
            "InvoiceFlow, invoicing software",
            "Start free",
            ("desk", "click", "screen", "work", "tools", "home"),
            "taste",
        ),
    ],
)
async def test_kind_of_product_decides_the_words(build, product, call, words, never):
    for seed in range(5):
        said = " ".join(
            scene.script for scene in await written(build.brief(product, call=call, message=""), seed)
        ).lower()
        assert any(word in said for word in words)
        assert never not in said


async def test_plural_products_agree_with_their_verbs(build):
    for seed in range(20):
        for scene in await written(build.brief("trail shoes", message="", tone=""), seed):
            text = f"{scene.script} {scene.description}"
            assert not re.search(
                r"(?i)trail shoes (?:is|has|does|stands|hangs|waits)\b|\b(?:that|this) (?:is|are) trail shoes", text
            )


@pytest.mark.parametrize(
    ("words", "structure"),
    [
        (
            "Sale ends Sunday, 30% off everything, free shipping, thirty days to return it, two years of warranty, "
            "spare parts for ten years, one person to call, paid in four parts",
            "countdown",
        ),
        ("Introducing our new release: the launch", "launch"),
        ("Our customers trust us and love to tell their stories in reviews", "testimonial"),
        ("No more hassle: stop the pain and save time", "problem_solution"),
        ("See how it works: features built for performance", "demonstration"),
    ],
)
async def test_words_of_the_brief_choose_the_structure(build, words, structure):
    scenes = await written(build.brief("Acme", message=words, tone="", style=""))
    assert {scene.metadata["structure"] for scene in scenes} == {structure}


def walking_week(build, **changes):
    """An experience with three pictures of it and a long-winded audience."""
    return build.brief(
        "Vereda Walks: seven guided days in the mountains of northern Spain",
        audience="People of 30 to 65 who like long days outdoors and would rather not plan them",
        message="A week of walking where the path, the bed and the supper are taken care of",
        call="Book your week at vereda.example",
        style="Unhurried documentary",
        elements=("mountain trail", "forest stream", "paper map"),
        assets=(
            build.asset("The trail below the cliffs"),
            build.asset("The stream in the beech wood", "detail", size=(1500, 2000)),
            build.asset("The ridge in autumn", "location"),
        ),
        **{"tone": "Warm", **changes},
    )


@pytest.mark.parametrize("seed", range(6))
async def test_a_picture_leads_the_description_of_its_scene(build, seed):
    brief = walking_week(build)
    names = {asset.asset_id: asset.name for asset in brief.assets}
    for scene in await written(brief, seed):
        if not scene.asset_ids:
            continue
        assert scene.description.startswith(names[scene.asset_ids[0]])
        assert not re.search(r"(?i)living room|sofa|kitchen|hallway|cat\b|shoulder", scene.description)


@pytest.mark.parametrize("seed", range(6))
async def test_an_element_that_a_picture_shows_is_not_told_again(build, seed):
    seen = " ".join(scene.description for scene in await written(walking_week(build), seed))
    assert "paper map" in seen
    assert "mountain trail" not in seen
    assert "forest stream" not in seen


@pytest.mark.parametrize("seed", range(6))
async def test_a_long_audience_is_said_as_a_person_would(build, seed):
    said = " ".join(scene.script for scene in await written(walking_week(build), seed))
    assert "everyone who likes long days outdoors" in said
    assert "30 to 65" not in said


@pytest.mark.parametrize("seed", range(6))
async def test_reasons_are_counted_only_where_the_brief_gives_enough(build, seed):
    brief = walking_week(build, campaign=Campaign(brief="Hurry, limited places"))
    assert all("Number " not in scene.script for scene in await written(brief, seed))


async def test_a_countdown_counts_the_reasons_of_the_brief(build):
    reasons = [f"{word} days to return it" for word in ("ten", "twenty", "thirty", "forty", "fifty", "sixty", "ninety")]
    brief = build.brief("Acme", message="Last chance, hurry. " + ". ".join(reasons), tone="", style="")
    scenes = await written(brief)
    counted = [scene.script for scene in scenes if scene.script.startswith("Number ")]
    assert len(counted) == len(scenes) - 2
    assert counted[-1].startswith("Number one. Last chance.") or "days to return it" in counted[-1]
    assert all("days to return it" in script or "chance" in script for script in counted)


@pytest.mark.parametrize(("tone", "transition"), [("Warm", "cut"), ("", "cut"), ("serene", "fade in")])
async def test_only_quiet_tones_open_on_black(build, tone, transition):
    assert {(await written(build.brief(tone=tone), seed))[0].transition for seed in range(4)} == {transition}


async def test_regenerated_storyboard_has_another_shape_and_no_sentence_of_the_old(build):
    brief = build.brief()
    first = await written(brief)
    again = (await TemplateWriter().write(WriteRequest(brief, previous=first))).draft.scenes
    assert again[0].metadata["structure"] != first[0].metadata["structure"]
    kept = set(own_sentences(first, brief)) & set(own_sentences(again, brief))
    assert all("stay connected" in key or "tech enthusiasts" in key or len(key.split()) <= 2 for key in kept)


async def test_hero_is_shown_at_the_reveal_and_the_logo_at_the_end(build):
    hero, logo, other = build.asset("Watch", "hero"), build.asset("Logo", "logo"), build.asset("Skyline", "background")
    scenes = await written(build.brief(assets=(logo, other, hero)))
    reveal = next(scene for scene in scenes if scene.metadata["beat"] in ("reveal", "voice_turn"))
    assert reveal.asset_ids == (hero.asset_id,)
    assert logo.asset_id in scenes[-1].asset_ids
    assert all(logo.asset_id not in scene.asset_ids for scene in scenes[:-1])


async def test_shape_of_a_picture_is_told_where_it_does_not_fit_the_frame(build):
    upright = build.asset("Tall one", size=(900, 1600))
    wide = await written(build.brief(assets=(upright,), ratio="16:9"))
    tall = await written(build.brief(assets=(upright,), ratio="9:16"))
    assert any("pright" in scene.description or "tall format" in scene.description for scene in wide)
    assert not any("pright" in scene.description or "tall format" in scene.description for scene in tall)


async def test_more_pictures_than_scenes_are_shared_out_as_montages(build):
    assets = tuple(build.asset(f"Picture {n}", "") for n in range(12))
    scenes = await written(build.brief(assets=assets))
    assert {asset_id for scene in scenes for asset_id in scene.asset_ids} == {asset.asset_id for asset in assets}
    assert all(scene.shot_type == "montage" for scene in scenes if len(scene.asset_ids) > 1)


async def test_film_too_long_for_the_backend_is_refused_in_words(build):
    with pytest.raises(DurationOutOfReach, match="replicate"):
        await written(build.brief(seconds=90, backend=VEO_BACKEND))


async def test_scenes_for_veo_are_covered_by_its_clips(build):
    scenes = await written(build.brief(seconds=55, backend=VEO_BACKEND, tone="calm"))
    assert all(VEO_BACKEND.plan_clip(scene.duration_ms).clip_ms >= scene.duration_ms for scene in scenes)


@pytest.mark.parametrize("tone", ["", "Energetic", "calm", "serious", "playful", "quaint"])
@pytest.mark.parametrize("seconds", [15, 30])
async def test_estimate_knows_how_many_scenes_a_tone_makes(build, tone, seconds):
    brief = build.brief(seconds=seconds, tone=tone)
    estimates = EstimateStoryboard(brief.limits, provider="template", model="", pace_of=pace_of)
    estimate = estimates.estimate(
        duration_seconds=seconds, asset_count=0, brief_characters=100, backend="local", tone=tone, style=brief.ad.style
    )
    assert estimate.scenes == len(await written(brief))


@pytest.mark.parametrize("seconds", [15, 20, 30, 45])
async def test_scenes_for_veo_pay_for_next_to_nothing_that_is_trimmed_away(build, seconds):
    scenes = await written(build.brief(seconds=seconds, backend=VEO_BACKEND))
    bought_ms = sum(VEO_BACKEND.plan_clip(scene.duration_ms).clip_ms for scene in scenes)
    assert seconds * 1000 <= bought_ms < seconds * 1000 + 2_000


_WORDS = st.sampled_from(
    [
        "Smart",
        "Watch",
        "coffee",
        "trail",
        "shoes",
        "Bäckerei",
        "Müller",
        "東京",
        "ラーメン",
        "InvoiceFlow",
        "app",
        "for",
        "people",
        "who",
        "run.",
        "buy",
        "now!",
        "donate",
        "🔥",
        "☕",
        "$19.99",
        "30%",
        "off",
        "until",
        "Sunday",
        "the",
        "a",
        "our",
        "X1",
        "–",
        "“best”",
        "'new'",
        "{product}",
        "[a|b]",
        "<b>bold</b>",
        "{0}",
        "%s",
        "&",
        "/",
        ":",
        ";",
        "...",
        "!!!",
        "??",
        # One thing said twice, also where the copybook says it itself.
        "0",
        "0 0.",
        "a. A.",
        "say “a. a”",
        "Number one.",
        "Number two. Number two.",
        "Hurry, 0; 0 0; 1; 1.",
        "Buy now. Buy now.",
    ]
)
_TEXT = st.one_of(
    st.lists(_WORDS, max_size=14).map(" ".join),
    st.text(max_size=60),
    st.text(alphabet=" .,!?;:-–'\"", max_size=10),
)
_ASSETS = st.lists(
    st.builds(
        SceneAsset,
        asset_id=st.uuids().map(str),
        type=st.sampled_from(AssetType),
        name=_TEXT,
        role=st.sampled_from(["", "hero", "logo", "background", "lifestyle", "detail", "x y z"]),
        width_px=st.sampled_from([None, 400, 1920]),
        height_px=st.sampled_from([None, 400, 1080]),
    ),
    max_size=9,
    unique_by=lambda asset: asset.asset_id,
)
_BRIEFS = st.builds(
    StoryBrief,
    ad=st.builds(
        AdBrief,
        product=_TEXT,
        target_audience=_TEXT,
        key_message=_TEXT,
        call_to_action=_TEXT,
        style=_TEXT,
        tone=st.one_of(_TEXT, st.sampled_from(["energetic", "calm", "premium", "warm", "funny", "urgent"])),
        visual_elements=st.lists(_TEXT, max_size=4).map(tuple),
    ),
    brand=st.builds(Brand, client_name=_TEXT, colors=st.lists(_TEXT, max_size=2).map(tuple), has_logo=st.booleans()),
    campaign=st.builds(Campaign, goal=_TEXT, brief=_TEXT),
    assets=_ASSETS.map(tuple),
    video=st.builds(
        VideoWish, duration_ms=st.integers(5_000, 56_000), aspect_ratio=st.sampled_from(["16:9", "9:16", "1:1"])
    ),
    feedback=st.lists(_TEXT, max_size=2).map(tuple),
    backend=st.sampled_from([LOCAL_BACKEND, VEO_BACKEND, OMNI_BACKEND]),
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(brief=_BRIEFS, seed=st.integers(0, 1_000))
async def test_any_brief_makes_a_storyboard_that_keeps_every_promise(brief, seed):
    await keeps_every_promise(brief, seed)


@pytest.mark.parametrize(
    ("message", "campaign", "feedback"),
    [
        ("0 0", "Last chance: 0; 0; 0 0. 0 0. 0 0", ()),
        ("say “a. a”, a a", "", ("say “a. a”",)),
        ("number one", "Number two. Number two.", ()),
        ("Hurry, 0; 0 0; 1; 1", "Buy now. Buy now. Buy now.", ("mention 0 0", "say “0 0. 0 0.”")),
    ],
)
async def test_what_the_brief_says_twice_is_said_once(build, message, campaign, feedback):
    for seed in range(40):
        brief = build.brief(message=message, campaign=Campaign(brief=campaign), feedback=feedback)
        await keeps_every_promise(brief, seed)


async def test_a_message_that_is_somewhat_long_for_a_short_film_is_not_cut_in_half(build):
    message = "A week of walking where everything else is taken care of"
    for seed in range(40):
        brief = build.brief("Vereda Walks", message=message, call="Book your week", tone="", seconds=8)
        scenes = await written(brief, seed)
        assert any(message in scene.script for scene in scenes), [scene.script for scene in scenes]
        await keeps_every_promise(brief, seed)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(brief=_BRIEFS, seed=st.integers(0, 1_000))
async def test_a_thousand_briefs_make_storyboards_that_keep_every_promise(brief, seed):
    await keeps_every_promise(brief, seed)


async def keeps_every_promise(brief: StoryBrief, seed: int) -> None:
    """The rules hold, the length is exact, nothing is said twice, nothing is empty or left unfilled."""
    scenes = await written(brief, seed)
    assert draft_problems(scenes, brief.cleaned()) == []
    assert sum(scene.duration_ms for scene in scenes) == brief.video.duration_ms
    keys = own_sentences(scenes, brief)
    assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)
    # What the users typed themselves is theirs, also where it looks like something left unfilled.
    is_typed = re.search(
        r"(?i)none|null|todo|placeholder|lorem|[{\[|\]}%]",
        repr((brief.ad, brief.brand, brief.campaign, brief.feedback)),
    )
    for scene in scenes:
        assert re.search(r"\w|[^\s\x00-\x7f]", scene.script)
        assert known_shot(scene.shot_type)
        assert known_transition(scene.transition)
        assert scene.description.strip()
        if not is_typed:
            assert not _LEFTOVER.search(scene.script), scene.script
        assert "  " not in scene.script
        assert not re.search(r"[,;:]\.|\.\.(?!\.)|[!?]\.", scene.script), scene.script


async def test_words_that_begin_with_dots_make_no_sentence_of_dots(build):
    brief = build.brief("", audience="", message="... Smart Smart", call="... Smart", style="", tone="", elements=())
    for seed in range(4):
        await keeps_every_promise(replace(brief, video=replace(brief.video, duration_ms=5_084)), seed)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(brief=_BRIEFS, seed=st.integers(0, 50), feedback=_TEXT, data=st.data())
async def test_any_scene_can_be_told_anew(brief, seed, feedback, data):
    scenes = await written(brief, seed)
    number = data.draw(st.integers(1, len(scenes)))
    request = RewriteRequest(brief, scenes, number, feedback, seed=seed)
    content = (await TemplateWriter().rewrite_scene(request)).draft.scenes[0]
    assert rewrite_problems(number, content, scenes, brief.cleaned()) == []
    assert content != scenes[number - 1]
    assert content.description != scenes[number - 1].description


async def test_scripts_fill_their_time_at_a_speaking_pace(build):
    rates = []
    for seed in range(30):
        for scene in await written(build.brief(tone=""), seed):
            rates.append(spoken_words(scene.script) / scene.duration_ms * 1000)
    rates.sort()
    assert rates[0] > 1.2
    assert rates[-1] < 2.9
    assert 1.9 <= rates[len(rates) // 2] <= 2.4


async def test_ordinary_briefs_draw_no_warnings(build):
    for seed in range(20):
        brief = build.brief(assets=(build.asset(), build.asset("Logo", "logo")))
        assert story_warnings(await written(brief, seed), brief) == ()


@pytest.mark.parametrize("seconds", [5, 7.333, 15, 30, 60, 120])
async def test_lengths_are_exact_and_not_all_the_same(build, seconds):
    scenes = await written(build.brief(seconds=seconds))
    assert sum(scene.duration_ms for scene in scenes) == round(seconds * 1000)
    assert len({scene.duration_ms for scene in scenes}) > 1


async def test_last_scene_carries_a_long_call_to_action_whole(build):
    call = "Visit standwell.example before the end of the month and use the code STAND20 for twenty percent off"
    scenes = await written(build.brief(call=call))
    assert call in scenes[-1].script
    assert carries_call_to_action(scenes[-1].script, call)


@pytest.mark.parametrize("name", ["", ".:", "!:", "“”", "?!", "(", "_"])
async def test_a_picture_whose_name_is_no_word_is_described_all_the_same(name):
    assets = tuple(
        SceneAsset(asset_id=f"00000000-0000-4000-8000-{number:012d}", type=AssetType.IMAGE, name=name, role=name)
        for number in range(8)
    )
    brief = StoryBrief(ad=AdBrief(""), assets=assets, video=VideoWish(duration_ms=10_000))
    for seed in range(5):
        draft = (await TemplateWriter().write(WriteRequest(brief, seed=seed))).draft
        assert all(any(map(str.isalnum, scene.description)) for scene in draft.scenes)


async def test_nobody_is_quoted_who_said_nothing(build):
    """A testimonial's shape is told in the brand's own voice: there is no customer whose words these would be."""
    for product in (
        "Smart Watch",
        "Ledgerly bookkeeping software",
        "Clean Water Fund",
        "Hotel Lindenhof",
        "Rosa's café",
    ):
        for seed in range(8):
            brief = build.brief(product, message="Our customers trust us: reviews, stories, testimonials", tone="")
            for scene in await written(brief, seed):
                assert "“" not in scene.script
                assert not re.search(r"\b(?:I|my|me)\b", scene.script), scene.script
                assert not re.search(r"(?i)ask anyone|ask the neighbours|people keep talking", scene.script)


@pytest.mark.parametrize(
    ("product", "inside"),
    [
        ("Northwind winter jackets", "Northwind winter jackets"),
        ("Winter jackets", "winter jackets"),
        ("FitLoop app", "the FitLoop app"),
        ("Vela E2 electric car", "the Vela E2 electric car"),
        ("Morning Roast coffee", "Morning Roast coffee"),
        ("Smart Watch", "the Smart Watch"),
        ("trail shoes", "trail shoes"),
        ("Nuit Claire eau de parfum", "Nuit Claire eau de parfum"),
    ],
)
def test_a_name_keeps_its_capital_and_a_kind_of_thing_its_article(product, inside):
    assert NounPhrase.of(product).inside == inside
