"""The four files behind `/api/mv`, as checked values: defaults and prompts of pictures and of clips."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Any

from adreel_render.domain.errors import ParameterRefused
from adreel_render.domain.mv_models import IMAGE_FIELDS, VIDEO_FIELDS
from adreel_render.domain.mv_rules import Rule, require

_MOST_TEMPLATE_CHARACTERS = 20_000


class MvConfigError(ValueError):
    """A file is wrong; the text says in which way, without naming the file."""


@dataclass(frozen=True, slots=True)
class ImagePrompts:
    """`image_prompts.yaml`."""

    version: str
    template: Template

    def prompt_for(self, character_description: str) -> str:
        """The whole text for the model."""
        return self.template.substitute(character_description=character_description).strip()


@dataclass(frozen=True, slots=True)
class VideoPrompts:
    """`video_prompts.yaml`."""

    version: str
    default: str
    templates: Mapping[str, Template]

    def prompt_for(self, prompt: str, name: str | None) -> str:
        """The whole text for the model. Raises ParameterRefused for a template that there is not."""
        template = self.templates.get(name or self.default)
        if template is None:
            raise ParameterRefused(
                f"There is no video_rules_template {str(name)[:40]!r}; there are {', '.join(sorted(self.templates))}.",
                details={"field": "video_rules_template", "taken": sorted(self.templates)},
            )
        return template.substitute(prompt=prompt).strip()


@dataclass(frozen=True, slots=True)
class MvConfig:
    """All four files."""

    image_defaults: Mapping[str, Any]
    video_defaults: Mapping[str, Any]
    image_prompts: ImagePrompts
    video_prompts: VideoPrompts


def image_defaults(data: Any) -> Mapping[str, Any]:
    """`image_params.yaml`. Raises MvConfigError."""
    return _defaults(data, IMAGE_FIELDS)


def video_defaults(data: Any) -> Mapping[str, Any]:
    """`video_params.yaml`. Raises MvConfigError."""
    return _defaults(data, VIDEO_FIELDS)


def image_prompts(data: Any) -> ImagePrompts:
    """`image_prompts.yaml`. Raises MvConfigError."""
    values = _mapping(data, {"version", "template"})
    template = _template("template", values.get("template"), "character_description")
    return ImagePrompts(str(values.get("version", "")), template)


def video_prompts(data: Any) -> VideoPrompts:
    """`video_prompts.yaml`. Raises MvConfigError."""
    values = _mapping(data, {"version", "default", "templates"})
    named = _mapping(values.get("templates"), None)
    if not named:
        raise MvConfigError("templates must hold at least one named template")
    templates = {name: _template(f"templates.{name}", text, "prompt") for name, text in named.items()}
    default = values.get("default")
    if default not in templates:
        raise MvConfigError(f"default must name one of the templates: {', '.join(sorted(templates))}")
    return VideoPrompts(str(values.get("version", "")), default, templates)


def _defaults(data: Any, fields: Mapping[str, Rule]) -> Mapping[str, Any]:
    values = _mapping(data, set(fields))
    for name, value in values.items():
        if value is None or value == "":
            continue
        try:
            require(name, value, fields[name])
        except ParameterRefused as error:
            raise MvConfigError(error.message.rstrip(".")) from None
    return values


def _mapping(data: Any, names: set[str] | None) -> dict[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
        raise MvConfigError("names with values are expected")
    unknown = sorted(data.keys() - names) if names is not None else []
    if unknown:
        raise MvConfigError(f"{unknown[0][:40]!r} is not known; {', '.join(sorted(names or ()))} are")
    return data


def _template(where: str, text: Any, name: str) -> Template:
    if not isinstance(text, str) or not text.strip():
        raise MvConfigError(f"{where} must be a text")
    if len(text) > _MOST_TEMPLATE_CHARACTERS:
        raise MvConfigError(f"{where} must have at most {_MOST_TEMPLATE_CHARACTERS} characters")
    template = Template(text)
    if not template.is_valid():
        raise MvConfigError(f"{where} has a $ that names nothing; write $$ for a dollar sign")
    if template.get_identifiers() != [name]:
        raise MvConfigError(f"{where} must hold ${name} and no other name")
    return template
