"""Loads the files behind `/api/mv`: the deployment's own where it has them, else those that come with the service."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml

from adreel_render.domain.mv_config import (
    MvConfig,
    MvConfigError,
    image_defaults,
    image_prompts,
    video_defaults,
    video_prompts,
)

T = TypeVar("T")

_MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """The values, and for each file where it was found."""

    config: MvConfig
    sources: Mapping[str, str]


def load_mv_config(folder: Path | None) -> LoadedConfig:
    """Read and check all four files. A wrong one ends the process with a sentence that names it."""
    try:
        return read_mv_config(folder)
    except MvConfigError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def read_mv_config(folder: Path | None) -> LoadedConfig:
    """Read and check all four files. Raises MvConfigError that names the file."""
    sources: dict[str, str] = {}

    def read(name: str, parse: Callable[[Any], T]) -> T:
        text, sources[name] = _text(name, folder)
        try:
            return parse(yaml.safe_load(text))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" at line {mark.line + 1}" if mark else ""
            raise MvConfigError(f"The file {name} is no valid YAML{where}.") from error
        except (MvConfigError, RecursionError) as error:
            raise MvConfigError(f"The file {name} is wrong: {error}.") from error

    config = MvConfig(
        image_defaults=read("image_params.yaml", image_defaults),
        video_defaults=read("video_params.yaml", video_defaults),
        image_prompts=read("image_prompts.yaml", image_prompts),
        video_prompts=read("video_prompts.yaml", video_prompts),
    )
    return LoadedConfig(config, sources)


def _text(name: str, folder: Path | None) -> tuple[str, str]:
    own = folder / name if folder is not None else None
    try:
        if own is not None and own.exists():
            if own.stat().st_size > _MOST_BYTES:
                raise MvConfigError(f"The file {name} is larger than {_MOST_BYTES} bytes.")
            return own.read_text("utf-8"), "ADREEL_MV_CONFIG_DIR"
        return files("adreel_render.mv_defaults").joinpath(name).read_text("utf-8"), "built in"
    except (OSError, UnicodeDecodeError) as error:
        raise MvConfigError(f"The file {name} cannot be read: {type(error).__name__}.") from error
