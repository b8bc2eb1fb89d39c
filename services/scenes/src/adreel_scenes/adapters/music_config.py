"""`parameters.yaml` and `scene_prompts.yaml`: read and checked once, at start.

Those that come with the service stand unless a deployment's directory has its own. A file that cannot be right stops
the service with one sentence that names it, so that no request meets the mistake first.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from jinja2 import TemplateError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from adreel_scenes.adapters.config_files import ConfigFileBroken, config_text
from adreel_scenes.adapters.prompting import music_prompt
from adreel_scenes.domain.errors import OutputDirRefused
from adreel_scenes.domain.music import (
    MOST_MUSIC_SCENES,
    MOST_TEXT_CHARACTERS,
    MusicDefaults,
    MusicSceneRequest,
)
from adreel_scenes.domain.output_dir import output_dir_parts

PARAMETERS = "parameters.yaml"
PROMPTS = "scene_prompts.yaml"
_PROBE = "7f3a words that no template has"

M = TypeVar("M", bound=BaseModel)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Parameters(_File):
    number_of_scenes: int = Field(4, ge=1, le=MOST_MUSIC_SCENES)
    video_type: str = Field("", max_length=MOST_TEXT_CHARACTERS)
    video_characteristics: str = Field("", max_length=MOST_TEXT_CHARACTERS)
    camera_angle: str = Field("", max_length=MOST_TEXT_CHARACTERS)
    character_characteristics: str = Field("", max_length=MOST_TEXT_CHARACTERS)
    output_dir: str = ""


class _Prompts(_File):
    version: Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,50}$")]
    system: Annotated[str, StringConstraints(min_length=1)]
    user: Annotated[str, StringConstraints(min_length=1)]


@dataclass(frozen=True, slots=True)
class MusicConfig:
    """What both files say. `sources` are where they were read from, by name."""

    defaults: MusicDefaults
    prompts: Mapping[str, str]
    sources: Mapping[str, str]

    def described(self) -> dict[str, object]:
        """For the log of the debug mode."""
        return {"sources": dict(self.sources), "defaults": asdict(self.defaults), "version": self.prompts["version"]}


def load_music_config(directory: str = "") -> MusicConfig:
    """Both files, from `directory` where it has them. Raises ConfigFileBroken."""
    own = Path(directory) if directory else None
    if own is not None and not own.is_dir():
        raise ConfigFileBroken(f"ADREEL_MV_CONFIG_DIR is {directory!r}, which is no directory.")
    sources = {name: _source(own, name) for name in (PARAMETERS, PROMPTS)}
    parameters = _loaded(_Parameters, PARAMETERS, sources[PARAMETERS])
    try:
        output_dir_parts(parameters.output_dir)
    except OutputDirRefused as error:
        raise ConfigFileBroken(f"{PARAMETERS} ({sources[PARAMETERS]}) is wrong: {error.message}") from None
    prompts = _loaded(_Prompts, PROMPTS, sources[PROMPTS]).model_dump()
    _check_prompts(prompts, str(sources[PROMPTS]))
    return MusicConfig(
        defaults=MusicDefaults(**parameters.model_dump()),
        prompts=prompts,
        sources={name: str(source) for name, source in sources.items()},
    )


def _source(own: Path | None, name: str) -> Traversable:
    if own is not None and (own / name).exists():
        return own / name
    return files("adreel_scenes.prompts") / name


def _loaded(model: type[M], name: str, source: Traversable) -> M:
    place = f"{name} ({source})"
    try:
        return model.model_validate(yaml.safe_load(config_text(source, place)))
    except ValidationError as error:
        mistake = error.errors()[0]
        field = ".".join(str(part) for part in mistake["loc"]) or "the file"
        raise ConfigFileBroken(f"{place} is wrong: {field}: {mistake['msg']}.") from None
    except (yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise ConfigFileBroken(f"{place} is no YAML that can be read: {said}") from None


def _check_prompts(prompts: Mapping[str, str], place: str) -> None:
    """Render them once: a template that fails does so now, and one that leaves the idea out is a mistake."""
    try:
        prompt = music_prompt(MusicSceneRequest(_PROBE, "A character", number_of_scenes=3), prompts)
    except (TemplateError, TypeError, ValueError, KeyError) as error:
        raise ConfigFileBroken(f"{PROMPTS} ({place}) cannot be rendered: {str(error)[:200]}.") from None
    if _PROBE not in f"{prompt.system} {prompt.user}":
        raise ConfigFileBroken(f"{PROMPTS} ({place}) is wrong: neither system nor user holds the customer's data.")
