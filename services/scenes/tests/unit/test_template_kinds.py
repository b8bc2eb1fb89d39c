"""The kind of thing a brief advertises is weighed from its words, and one stray word never decides."""

import pytest
from adreel_scenes.adapters.template.classification import kind_of_product
from adreel_scenes.adapters.template.phrasebook import phrase_book
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
        assert "Menschen aus der Nachbarschaft:" in said
