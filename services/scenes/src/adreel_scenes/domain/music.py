"""Music-video scenes (`/api/mv/create_scenes`): what is asked, with its defaults, and what comes back."""

from dataclasses import asdict, dataclass
from typing import Self

from adreel_scenes.domain.errors import MusicRequestInvalid
from adreel_scenes.domain.plain_text import cut_at_word, plain_text
from adreel_scenes.domain.usage import Usage

MOST_MUSIC_SCENES = 50
MOST_TEXT_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class MusicDefaults:
    """What a request that leaves a field out is taken to mean; from `parameters.yaml`."""

    character_characteristics: str = ""
    number_of_scenes: int = 4
    video_type: str = ""
    video_characteristics: str = ""
    camera_angle: str = ""
    output_dir: str = ""


@dataclass(frozen=True, slots=True)
class MusicSceneRequest:
    """All texts are the user's; `seed` makes the no-key writer repeatable."""

    idea: str
    character_description: str
    character_characteristics: str = ""
    number_of_scenes: int = 4
    video_type: str = ""
    video_characteristics: str = ""
    camera_angle: str = ""
    seed: int = 0

    def cleaned(self) -> "MusicSceneRequest":
        return MusicSceneRequest(
            idea=_text(self.idea),
            character_description=_text(self.character_description),
            character_characteristics=_text(self.character_characteristics),
            number_of_scenes=self.number_of_scenes,
            video_type=_text(self.video_type),
            video_characteristics=_text(self.video_characteristics),
            camera_angle=_text(self.camera_angle),
            seed=self.seed,
        )


@dataclass(frozen=True, slots=True)
class MusicWish:
    """A request as it came: None where a field was left out."""

    idea: str
    character_description: str
    character_characteristics: str | None = None
    number_of_scenes: int | None = None
    video_type: str | None = None
    video_characteristics: str | None = None
    camera_angle: str | None = None
    output_dir: str | None = None
    backend: str | None = None


@dataclass(frozen=True, slots=True)
class MusicOrder:
    """A request with its defaults, checked."""

    idea: str
    character_description: str
    character_characteristics: str
    number_of_scenes: int
    video_type: str
    video_characteristics: str
    camera_angle: str
    output_dir: str

    @classmethod
    def of(cls, wish: MusicWish, defaults: MusicDefaults) -> Self:
        """Raises MusicRequestInvalid, naming the field."""
        given = {name: value for name, value in asdict(wish).items() if value is not None and name != "backend"}
        order = cls(**(asdict(defaults) | given))
        for name in ("idea", "character_description"):
            if not plain_text(getattr(order, name)):
                raise MusicRequestInvalid(name, "is needed, in words.")
        for name, value in asdict(order).items():
            if isinstance(value, str) and len(value) > MOST_TEXT_CHARACTERS:
                raise MusicRequestInvalid(name, f"has at most {MOST_TEXT_CHARACTERS} characters.")
        if not 1 <= order.number_of_scenes <= MOST_MUSIC_SCENES:
            raise MusicRequestInvalid("number_of_scenes", f"must be between 1 and {MOST_MUSIC_SCENES}.")
        return order

    @property
    def request(self) -> MusicSceneRequest:
        """What a writer is asked."""
        return MusicSceneRequest(
            idea=self.idea,
            character_description=self.character_description,
            character_characteristics=self.character_characteristics,
            number_of_scenes=self.number_of_scenes,
            video_type=self.video_type,
            video_characteristics=self.video_characteristics,
            camera_angle=self.camera_angle,
        )

    @property
    def parameters(self) -> dict[str, str | int]:
        """All but the idea, as the answer shows what was used."""
        return {name: value for name, value in asdict(self).items() if name != "idea"}


@dataclass(frozen=True, slots=True)
class MusicScene:
    """What is seen, and what must not be."""

    description: str
    negative_description: str


@dataclass(frozen=True, slots=True)
class MusicSceneResult:
    """Exactly as many scenes as were asked for, who made them and what it used."""

    scenes: tuple[MusicScene, ...]
    provider: str
    model: str
    usage: Usage
    prompt_version: str


def _text(text: str) -> str:
    return cut_at_word(plain_text(text), MOST_TEXT_CHARACTERS)
