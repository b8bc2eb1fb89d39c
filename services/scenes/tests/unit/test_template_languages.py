"""Briefs in other languages: told to their audience in that language, and in no mixture."""

import re

import pytest
from adreel_scenes.adapters.template.directions import read_directions
from adreel_scenes.adapters.template.languages import language_of
from adreel_scenes.adapters.template.phrasebook import languages, phrase_book
from adreel_scenes.adapters.template.wording import sentence_key, sentences
from adreel_scenes.adapters.template.writer import TemplateWriter
from adreel_scenes.domain.ports import RewriteRequest, WriteRequest

# Language, product, audience, message, call to action.
BRIEFS = [
    ("de", "Kaffeerösterei Morgenrot", "Kaffeeliebhaber", "Frisch geröstet, in 24 Stunden bei dir", "Jetzt bestellen"),
    ("de", "Bäckerei Müller", "Menschen aus der Nachbarschaft", "Brot jeden Morgen ab sechs", "Kommen Sie vorbei"),
    ("fr", "Vélo Cargo Léo", "Parents en ville", "Emmenez toute la famille sans voiture", "Essayez-le"),
    ("es", "Café Lucía", "Amantes del café", "Cada taza cuenta una historia", "Prueba una hoy"),
    ("it", "Gelateria Sole", "Famiglie e bambini", "Il gelato di ogni giorno", "Vieni a trovarci"),
    ("ja", "抹茶ラテ「みどり」", "忙しい会社員", "一杯でほっとするひととき", "今すぐお試しください"),
]


def lines_of(language: str) -> set[str]:
    """Keys of every sentence that the copybook can say in a language, before its slots are filled."""
    return {
        sentence_key(part)
        for beat in languages()[language].beats.values()
        for line in beat
        for part in sentences(line)
        if "{" not in part
    }


def english_lines() -> set[str]:
    book = phrase_book()
    told = [*book.beats.values(), *(tone.tags for tone in book.tones.values())]
    told += [lines for category in book.categories.values() for lines in category.lines.values()]
    return {sentence_key(part) for lines in told for line in lines for part in sentences(line) if "{" not in part}


@pytest.mark.parametrize(("language", "product", "audience", "message", "call"), BRIEFS)
async def test_a_story_is_told_in_the_briefs_language_alone(build, language, product, audience, message, call):
    brief = build.brief(product, audience=audience, message=message, call=call, style="", tone="", elements=())
    assert language_of(brief) == language
    ours, english = lines_of(language), english_lines()
    for seed in range(8):
        result = await TemplateWriter().write(WriteRequest(brief, seed=seed))
        scripts = [scene.script for scene in result.draft.scenes]
        said = [sentence_key(part) for script in scripts for part in sentences(script)]
        assert not set(said) & english
        assert len(set(said) & ours) >= 3
        again = RewriteRequest(brief, result.draft.scenes, 2, "slower", seed=seed)
        rewritten = (await TemplateWriter().rewrite_scene(again)).draft.scenes[0].script
        assert not {sentence_key(part) for part in sentences(rewritten)} & english


async def test_a_polite_brief_is_told_without_familiarity(build):
    familiar = languages()["de"].familiar
    brief = build.brief(
        "Kanzlei Winter", audience="Menschen mit Fragen", message="Wir hören zu", call="Rufen Sie uns an"
    )
    for seed in range(12):
        for scene in (await TemplateWriter().write(WriteRequest(brief, seed=seed))).draft.scenes:
            assert not familiar & set(re.findall(r"\w+", scene.script.casefold()))


@pytest.mark.parametrize("language", languages())
def test_every_language_says_something_in_every_beat(language):
    needed = {name for name in phrase_book().beats if name not in ("for_audience", "for_long_audience")}
    for beats in (languages()[language].beats, languages()[language].polite_beats()):
        assert needed <= set(beats)
        assert all(beats[name] for name in needed)
        for name in ("reveal", "voice_turn"):
            assert all("{name}" in line for line in beats[name])


@pytest.mark.parametrize(
    ("product", "message", "call"),
    [
        ("Smart Watch", "Stay connected", "Buy Now"),
        ("Die Hard, the musical", "An evening you will not forget", "Book now"),
        ("El Camino boots", "Made for the long way", "Find your size"),
        ("Umbrella", "", ""),
        ("Café Noir", "Coffee for the night", "Visit us"),
    ],
)
def test_english_briefs_with_foreign_names_stay_english(build, product, message, call):
    assert language_of(build.brief(product, audience="Everyone", message=message, call=call)) == "en"


@pytest.mark.parametrize(
    ("note", "wanted"),
    [
        ("Bitte langsamer und ohne Menschen", {"pace": -1, "no_people": True}),
        ("Schneller, mit einer Nahaufnahme", {"pace": 1, "shot": "close-up"}),
        ("Plus calme, moins de texte", {"tone": "calm", "less_text": True}),
        ("Más divertido y más corto", {"tone": "playful", "length": -1}),
        ("Più elegante, di notte", {"tone": "premium", "setting": "at night, lit by lamps and windows"}),
        ("もっとゆっくり、クローズアップで", {"pace": -1, "shot": "close-up"}),
    ],
)
def test_feedback_is_read_in_the_languages_of_the_copybook(note, wanted):
    directions = read_directions([note])
    assert directions.understood
    assert {name: getattr(directions, name) for name in wanted} == wanted


@pytest.mark.parametrize("note", ["Sag „langsamer ist besser“", "Ich weiß nicht recht", "Il manque quelque chose"])
def test_what_is_quoted_or_says_nothing_is_not_obeyed(note):
    assert read_directions([note]).pace == 0


async def test_a_storyboard_follows_feedback_in_its_own_language(build):
    _, product, audience, message, call = BRIEFS[0]
    ad = {"audience": audience, "message": message, "call": call, "style": "", "tone": "", "elements": ()}

    async def lengths(*feedback):
        brief = build.brief(product, feedback=feedback, **ad)
        return [s.duration_ms for s in (await TemplateWriter().write(WriteRequest(brief))).draft.scenes]

    plain, slow, fast = await lengths(), await lengths("Viel langsamer, bitte"), await lengths("Schneller!")
    assert len(slow) < len(plain) < len(fast)
