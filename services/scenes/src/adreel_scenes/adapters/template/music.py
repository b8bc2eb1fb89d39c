"""Music-video scenes without a model: a song's course told with one character, repeatable for a seed."""

from collections.abc import Mapping
from random import Random

from adreel_scenes.adapters.template.phrasebook import load_lines
from adreel_scenes.adapters.template.wording import label, sentence, speakable
from adreel_scenes.domain.music import MusicScene, MusicSceneRequest, MusicSceneResult
from adreel_scenes.domain.plain_text import cut_at_word
from adreel_scenes.domain.usage import Usage

PROVIDER = "template"
VERSION = "template.music.v1"
_MIDDLE = ("verse", "build", "chorus", "bridge", "chorus")
_IDEA_CHARACTERS = 600
_CHARACTER_CHARACTERS = 600


class TemplateMusicWriter:
    """A `MusicSceneWriter` that needs no key and costs nothing."""

    async def write_music_scenes(self, request: MusicSceneRequest) -> MusicSceneResult:
        """As many scenes as were asked for, no two alike, each complete in itself."""
        request = request.cleaned()
        random = Random(f"{VERSION}|{request.seed}|{request.idea}|{request.character_description}")
        lines = load_lines("music.yaml")
        decks = {name: _Deck(phrases, random) for name, phrases in lines.items()}
        stages = stages_of(request.number_of_scenes)
        scenes = tuple(
            MusicScene(_description(request, stage, decks), _negative(lines["never"], decks["never_here"]))
            for stage in stages
        )
        return MusicSceneResult(scenes, PROVIDER, "", Usage(), VERSION)


def stages_of(count: int) -> list[str]:
    """The stages of a song for `count` scenes: it opens, it ends, and there is a chorus between."""
    if count == 1:
        return ["chorus"]
    if count == 2:
        return ["opening", "chorus"]
    middle = ["chorus"] if count == 3 else [_MIDDLE[index * len(_MIDDLE) // (count - 2)] for index in range(count - 2)]
    return ["opening", *middle, "finale"]


def _description(request: MusicSceneRequest, stage: str, decks: Mapping[str, "_Deck"]) -> str:
    character = _character(request)
    angle = label(request.camera_angle)
    shot = decks["shots"].draw()
    lead = f"{shot}, {angle[0].lower()}{angle[1:]}" if angle else shot
    idea = label(cut_at_word(speakable(request.idea), _IDEA_CHARACTERS)) or "a song in pictures"
    parts = [
        f"{lead}: {character} {decks[stage].draw()}",
        decks["setting"].draw().replace("{idea}", idea),
        f"{decks['light'].draw()}; {decks['camera'].draw()}",
    ]
    kind, manner = label(speakable(request.video_type)), label(speakable(request.video_characteristics))
    if kind or manner:
        parts.append(f"Style: {', '.join(text for text in (kind, manner) if text)}")
    return " ".join(sentence(part) for part in parts)


def _character(request: MusicSceneRequest) -> str:
    """The character in every scene in the same words, so that separate clips show the same person."""
    described = label(cut_at_word(speakable(request.character_description), _CHARACTER_CHARACTERS)) or "the character"
    traits = label(cut_at_word(speakable(request.character_characteristics), _CHARACTER_CHARACTERS))
    # "A woman" loses its capital mid-sentence; a name keeps it.
    start, _, rest = described.partition(" ")
    if rest and start in ("A", "An", "The", "One", "Two", "Three", "Some"):
        described = f"{start.lower()} {rest}"
    if traits:
        return f"{described} ({traits})"
    # A comma that opens an aside closes it, too.
    return f"{described}," if "," in described else described


def _negative(always: tuple[str, ...], here: "_Deck") -> str:
    """What generators keep out, as the list of words that they expect."""
    return ", ".join([*always, here.draw(), here.draw()])


class _Deck:
    """Phrases in random order, none twice before each was drawn once; a new order for every round."""

    def __init__(self, phrases: tuple[str, ...], random: Random) -> None:
        self._phrases = phrases
        self._random = random
        self._left: list[str] = []

    def draw(self) -> str:
        if not self._left:
            self._left = list(self._phrases)
            self._random.shuffle(self._left)
        return self._left.pop()
