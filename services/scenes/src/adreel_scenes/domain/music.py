"""Music-video scenes (`/api/mv/create_scenes`): what is asked and what comes back."""

from dataclasses import dataclass

from adreel_scenes.domain.plain_text import cut_at_word, plain_text
from adreel_scenes.domain.usage import Usage

MOST_MUSIC_SCENES = 50
_TEXT_CHARACTERS = 4_000


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
    return cut_at_word(plain_text(text), _TEXT_CHARACTERS)
