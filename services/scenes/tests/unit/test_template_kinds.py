"""The kind of thing a brief advertises is weighed from its words, and one stray word never decides."""

import re

import pytest
from adreel_scenes.adapters.template.classification import kind_of_product
from adreel_scenes.adapters.template.phrasebook import phrase_book
from adreel_scenes.adapters.template.wording import NounPhrase, audience_phrase
from adreel_scenes.adapters.template.writer import TemplateWriter
from adreel_scenes.domain.ports import WriteRequest

_WALKS = "Vereda Walks: seven guided days in the mountains of northern Spain"
_WALKS_MESSAGE = "A week of walking where the path, the bed and the supper are taken care of"


@pytest.mark.parametrize(
    ("product", "message", "elements", "kind"),
    [
        (_WALKS, _WALKS_MESSAGE, ("mountain trail", "forest stream", "autumn ridge"), "outdoors"),
        (_WALKS, _WALKS_MESSAGE, (), "outdoors"),
        ("Smart Watch", "Stay connected", ("city",), "tech"),
        ("A phone by Apple", "", (), "tech"),
        ("Granny's apple pie", "Like it used to be", (), "food"),
        ("Mouse trap", "Catches without harm", (), "home"),
        ("Light beer", "All the taste", (), "drink"),
        ("Spring water from the hills", "", (), "drink"),
        ("Spring mattress", "", (), "home"),
        ("Oak coffee table", "", (), "home"),
        ("Oak bed", "", (), "home"),
        ("Coach tour to Vienna", "", (), "travel"),
        ("Coach training for managers", "", (), "learning"),
        ("Sofabar", "Watch the game with friends", (), "generic"),
        ("Acme", "Running water for everybody", (), "generic"),
        ("Acme", "A table for two", (), "generic"),
        ("Acme", "Stay connected", (), "generic"),
        ("Morning Roast coffee", "", (), "drink"),
        ("InvoiceFlow, invoicing software", "Coffee breaks are back", (), "software"),
        ("Fitness app", "", ("runner",), "software"),
        ("trail shoes", "Up the mountain", ("forest",), "sport"),
        ("Clean Water Fund", "", (), "cause"),
        ("Bright Start, a children's charity", "A warm bed and a breakfast", (), "cause"),
        ("Bäckerei Müller", "Frisches Brot jeden Morgen", ("Brötchen",), "venue"),
        ("Hotel Miramar", "The bed you dream of", ("sea", "breakfast"), "stay"),
        ("Learn to paint, an online course", "", ("table",), "learning"),
        ("Night of Strings, an open-air concert", "", ("stage",), "event"),
        ("City beer festival", "", (), "event"),
        ("Bike repair at your door", "", (), "service"),
        ("Running camp bed", "", (), "sport"),
        ("Solara EV, the electric car", "", (), "vehicle"),
        ("Rose hand cream", "", (), "beauty"),
        ("Linen dress", "Light as spring", (), "fashion"),
        ("", "", (), "generic"),
    ],
)
def test_kind_follows_the_weight_of_the_words(build, product, message, elements, kind):
    brief = build.brief(product, message=message, elements=elements, audience="", call="")
    assert kind_of_product(brief, phrase_book()).name == kind


def test_words_for_the_audience_do_not_decide(build):
    brief = build.brief("Vela", audience="Coffee drinkers with a bed and a table", message="", call="", elements=())
    assert kind_of_product(brief, phrase_book()).name == "generic"


def test_what_the_pictures_show_decides_where_the_name_says_nothing(build):
    assets = (build.asset("Espresso in a glass"), build.asset("Coffee beans", "detail"))
    brief = build.brief("Vela", audience="", message="A better day", call="", elements=(), assets=assets)
    assert kind_of_product(brief, phrase_book()).name == "drink"


async def test_an_audience_in_another_language_is_not_put_into_an_english_sentence(build):
    brief = build.brief(
        "Bäckerei Müller",
        audience="Menschen aus der Nachbarschaft",
        message="Frisches Brot jeden Morgen ab sechs",
        call="Kommen Sie vorbei",
    )
    for seed in range(4):
        scenes = (await TemplateWriter().write(WriteRequest(brief, seed=seed))).draft.scenes
        said = " ".join(scene.script for scene in scenes)
        assert "for Menschen" not in said
        assert re.search(r"(^|: |[.!?] )Menschen aus der Nachbarschaft[:,.]", said)


@pytest.mark.parametrize(
    ("product", "audience", "message", "call", "kind"),
    [
        ("Barkley's grain-free dog food", "Dog owners", "Real chicken first", "Get a sample", "pet"),
        ("PulseGuard wrist monitor", "Patients and cardiologists", "ECG in 30 seconds", "Ask your doctor", "health"),
        ("Bright Street Dental", "Nervous patients", "Gentle dentists, open Saturdays", "Call us", "health"),
        ("Northway Bank savings account", "Young families", "3.5% interest", "Open an account", "finance"),
        ("Starfall Tactics", "Strategy gamers", "Every choice reshapes the galaxy", "Wishlist on Steam", "game"),
        ("Museum of Ordinary Things", "Families on rainy days", "A thousand objects", "Plan your visit", "culture"),
        ("FiberNet 1 Gbit/s", "Households in Leeds", "29.99 a month", "Check your postcode", "connection"),
        ("Aurora E1, the first electric bike", "City commuters", "Automatic gears", "Pre-order now", "bike"),
        ("Kent & Rowe Solicitors", "People buying their first home", "Fixed fees", "Get a quote", "service"),
        ("Kaffeerösterei Morgenrot", "Kaffeeliebhaber", "Frisch geröstet", "Jetzt bestellen", "drink"),
        ("Hot dog stand", "Everyone", "Mustard included", "Come by", "generic"),
    ],
)
def test_kinds_that_have_pictures_and_lines_of_their_own(build, product, audience, message, call, kind):
    brief = build.brief(product, audience=audience, message=message, call=call, elements=())
    assert kind_of_product(brief, phrase_book()).name == kind


async def test_whose_thing_it_is_needs_no_article(build):
    for seed in range(6):
        request = WriteRequest(build.brief("Barkley's grain-free dog food", audience="Dog owners"), seed=seed)
        said = " ".join(scene.script for scene in (await TemplateWriter().write(request)).draft.scenes)
        assert "Barkley's grain-free dog food" in said
        assert "the Barkley's" not in said


@pytest.mark.parametrize(
    ("given", "inside"),
    [
        ("Nervous patients", "nervous patients"),
        ("Strategy gamers", "strategy gamers"),
        ("Finance leads at agencies", "finance leads at agencies"),
        ("Joggers", "joggers"),
        ("Londoners who cycle", "Londoners who cycle"),
        ("New Zealanders", "New Zealanders"),
        ("Gen Z", "Gen Z"),
    ],
)
def test_an_audience_keeps_its_capital_only_where_it_is_a_name(given, inside):
    assert audience_phrase(given) == inside


async def test_what_is_not_new_is_not_announced_and_a_sale_without_reasons_is_no_countdown(build):
    museum = build.brief("Museum of Ordinary Things", message="A thousand objects", call="Plan your visit", style="")
    sale = build.brief("Volt Audio", message="Only 48 hours: 40% off all headphones", call="Shop before midnight")
    launch = build.brief("Aurora E1", message="Launching 3 May", call="Pre-order now")
    for seed in range(10):
        told = {
            name: (await TemplateWriter().write(WriteRequest(brief, seed=seed))).draft.scenes[0].metadata["structure"]
            for name, brief in (("museum", museum), ("sale", sale), ("launch", launch))
        }
        assert told["museum"] in ("problem_solution", "demonstration")
        assert told["sale"] == "sale"
        assert told["launch"] == "launch"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("The remarkably versatile, all-weather, foldable, family-sized camping tent", "camping tent"),
        ("Aurora E1, the first electric bike with automatic gears", "Aurora E1"),
        ("A solar lamp, foldable", "solar lamp"),
        ("FiberNet 1 Gbit/s", "FiberNet 1 Gbit/s"),
        ("Tea / coffee shop on Mill Street", "Tea"),
    ],
)
def test_the_short_name_of_a_product_says_what_it_is(given, name):
    assert NounPhrase.of(given).name.removeprefix("The ") == name
