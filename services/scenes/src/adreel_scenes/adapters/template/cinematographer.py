"""Descriptions: what is seen, where, in what light, how the camera moves, and which assets carry it.

A cinematographer serves one storyboard and never shows the same picture twice in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from adreel_scenes.adapters.template.casting import kind_of
from adreel_scenes.adapters.template.depiction import MOVES_OF_ACTION, asset_label, depicted
from adreel_scenes.adapters.template.phrasebook import GENERIC, Category, PhraseBook, Tone
from adreel_scenes.adapters.template.wording import NounPhrase, label, sentence, sentence_key, sentences
from adreel_scenes.domain.brief import AssetType, Orientation, SceneAsset, StoryBrief
from adreel_scenes.domain.plain_text import cut_at_word
from adreel_scenes.domain.vocabulary import ShotType, known_shot

_PEOPLE_BEATS = frozenset({"hook", "problem", "demo", "benefit", "proof", "audience", "voice_before", "voice_after"})
_TROUBLED_BEATS = frozenset({"problem", "voice_before"})
# Before the film introduces the product it is not seen; where it is introduced, praised or sold it must be.
_PRODUCT_IN_PICTURE = {
    "hook": False, "tease": False, "problem": False, "voice_before": False,
    "reveal": True, "voice_turn": True, "detail": True, "offer": True, "cta": True,
}  # fmt: skip
_FRAMES_OF_VIEW = {"16:9": Orientation.LANDSCAPE, "9:16": Orientation.PORTRAIT, "1:1": Orientation.SQUARE}


@dataclass(frozen=True, slots=True)
class Picture:
    """What one description must hold beyond the copybook's own."""

    beat: str
    shot: str
    assets: tuple[SceneAsset, ...] = ()
    elements: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    setting: str | None = None
    people: bool | None = None
    style: str = ""
    colors: tuple[str, ...] = ()
    end_card: str = ""


class Cinematographer:
    """Describes each scene from words not yet used; `seen` holds sentences of scenes that stay."""

    def __init__(
        self,
        brief: StoryBrief,
        book: PhraseBook,
        category: Category,
        tone: Tone,
        product: NounPhrase,
        random: Random,
        seen: Iterable[str] = (),
    ) -> None:
        self._brief = brief
        self._book = book
        self._category = category
        self._product = product
        self._random = random
        self._seen = list(seen)
        self._used = {sentence_key(part) for text in self._seen for part in sentences(text)}
        generic = book.categories[GENERIC]
        self._places = self._deck(category.places, generic.places)
        self._outdoors = self._deck(category.outdoors, generic.outdoors)
        self._people = self._deck(category.people, generic.people)
        self._trouble = self._deck(category.trouble, generic.trouble)
        self._objects = self._deck(category.objects, generic.objects)
        self._light = self._deck(tone.light)
        self._camera = self._deck(tone.camera)
        still = [move for move in tone.camera if not MOVES_OF_ACTION.search(move)]
        self._moves = self._deck([*still, *book.frames["quick_moves" if tone.pace > 0 else "slow_moves"]])
        self._looks = self._deck(book.look_of(brief.ad.style))

    def description(self, picture: Picture) -> str:
        """One scene as a director would brief it, in whole sentences."""
        setting = f", {picture.setting}" if picture.setting else ""
        shown = [asset for asset in picture.assets if kind_of(asset) != "logo"]
        opening = (
            [self._picture_opening(picture, shown, setting)]
            if shown
            else [self._opening(picture, setting), self._atmosphere()]
        )
        beside = "element_beside" if shown else "element"
        told = " ".join(opening).casefold()
        elements = [name for name in map(label, picture.elements) if name and name.casefold() not in told]
        parts = [
            *opening,
            *self._asset_sentences(picture, shown),
            *(self._framed("requested", wish=wish) for wish in map(label, picture.wishes) if wish),
            *(self._framed(beside, element=element) for element in elements),
            *self._brand_sentences(picture, has_picture=bool(shown)),
        ]
        unused: list[str] = []
        for text in map(sentence, parts):
            keys = {sentence_key(part) for part in sentences(text)}
            if not keys & self._used:
                unused.append(text)
                self._used |= keys
        return cut_at_word(" ".join(unused), self._brief.limits.max_description_characters)

    def _opening(self, picture: Picture, setting: str) -> str:
        """Shot, place and subject; the decks are turned until it is a new combination."""
        opening = ""
        for _ in range(50):
            places = self._outdoors if known_shot(picture.shot) is ShotType.AERIAL else self._places
            lead = f"{self._lead(picture.shot)} {self._draw(places)}{setting}"
            if picture.beat in _TROUBLED_BEATS and self._category.intangible:
                # Life without an experience is not lived where the experience is.
                lead = f"{self._lead(picture.shot)}{setting}"
            opening = f"{lead}: {self._subject(picture)}"
            if sentence_key(opening) not in self._used:
                break
        return opening

    def _picture_opening(self, picture: Picture, shown: Sequence[SceneAsset], setting: str) -> str:
        """The asset is the place and the subject; only framing, light and camera are the film's own."""
        subject = depicted(shown, self._product, is_thing=not self._category.intangible)
        known = known_shot(picture.shot)
        opening = ""
        for _ in range(50):
            framing = self._random.choice(self._book.framed[known]) if known else f"{picture.shot} shot"
            camera = self._draw(self._moves)
            opening = f"{subject}, {framing}{setting}, in {self._draw(self._light)}; {camera}"
            if sentence_key(opening) not in self._used:
                break
            # Decks of one length would show the same pairs for ever.
            self._draw(self._moves)
        return opening

    def _atmosphere(self) -> str:
        """Light and camera, in the tone of the film; only the pairs need to be new."""
        atmosphere = ""
        for _ in range(50):
            atmosphere = f"{self._draw(self._light)}; {self._draw(self._camera)}"
            if sentence_key(atmosphere) not in self._used:
                break
            # Both decks have seven cards: without this they would show the same pairs for ever.
            self._draw(self._camera)
        return atmosphere

    def _lead(self, shot: str) -> str:
        known = known_shot(shot)
        return self._random.choice(self._book.leads[known]) if known else f"{shot[:1].upper()}{shot[1:]} shot"

    def _subject(self, picture: Picture) -> str:
        people = picture.beat in _PEOPLE_BEATS if picture.people is None else picture.people
        if known_shot(picture.shot) in (ShotType.PRODUCT_FEATURE,) and picture.people is None:
            people = False
        deck = self._people if people else self._objects
        if picture.beat in _TROUBLED_BEATS and picture.people is not False:
            deck = self._trouble
        line = self._draw(deck)
        wanted = _PRODUCT_IN_PICTURE.get(picture.beat)
        if wanted is False or (wanted and not self._category.intangible):
            # Turn on to a picture with or without the product, as the beat needs it, if there is one.
            for _ in deck:
                if wanted == ("{product}" in line or "{name}" in line):
                    break
                line = self._draw(deck)
        return self._product.agree(line).format_map(self._product.slots)

    def _asset_sentences(self, picture: Picture, shown: Sequence[SceneAsset]) -> list[str]:
        """How a clip or a picture of another shape fills the frame, and the logo."""
        logos = [asset for asset in picture.assets if kind_of(asset) == "logo"]
        sections = [self._section(shown[0])] if len(shown) == 1 else []
        return [
            *(self._framed(section) for section in sections if section),
            *(self._logo(asset_label(asset)) for asset in logos),
        ]

    def _logo(self, name: str) -> str:
        is_named = name.casefold() not in ("logo", "the logo", "our logo", "brand logo")
        return self._framed("logo", asset=name) if is_named else self._framed("unnamed_logo")

    def _section(self, asset: SceneAsset) -> str | None:
        if asset.type is AssetType.VIDEO:
            return "video"
        shape, frame = asset.orientation, _FRAMES_OF_VIEW.get(self._brief.video.aspect_ratio)
        if shape in (Orientation.UNKNOWN, frame):
            return None
        return f"{shape}_image"

    def _brand_sentences(self, picture: Picture, *, has_picture: bool) -> list[str]:
        parts = []
        # Not in every scene: a style that is named each time reads like a form. A given picture has its own set.
        shows_look = not has_picture and (picture.style or self._random.random() < 0.5)
        if shows_look and (look := self._draw(self._looks)):
            parts.append(self._framed("look", look=look))
        elif style := label(picture.style):
            parts.append(self._framed("style_only", style=style))
        if colors := [color for color in map(label, picture.colors) if color]:
            parts.append(self._framed("colors", colors=_listed(colors)))
        if picture.end_card:
            parts.append(self._framed("end_card", end=picture.end_card))
        return parts

    def _framed(self, section: str, **slots: str) -> str:
        """A sentence of the section, the first that has not been used in this form."""
        lines = [*(self._book.asset.get(section) or self._book.frames.get(section, ()))]
        self._random.shuffle(lines)
        filled = [sentence(line.format_map(slots)) for line in lines]
        return next((text for text in filled if sentence_key(text) not in self._used), filled[0])

    def _deck(self, first: Sequence[str], *then: Sequence[str]) -> list[str]:
        """Phrases in the order they will be drawn from the end: the first group last in the list, shuffled apart.

        Those that stand in scenes that stay come last of all.
        """
        deck: list[str] = []
        for group in reversed([first, *then]):
            mixed = list(group)
            self._random.shuffle(mixed)
            deck += mixed
        spoken = "\n".join(self._seen).casefold()
        return sorted(deck, key=lambda phrase: self._filled(phrase).casefold() not in spoken)

    def _filled(self, phrase: str) -> str:
        return self._product.agree(phrase).format_map(self._product.slots)

    def _draw(self, deck: list[str]) -> str:
        """The next phrase; it goes to the far end, so that a very long storyboard starts over."""
        if not deck:
            return ""
        phrase = deck.pop()
        deck.insert(0, phrase)
        return phrase


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
