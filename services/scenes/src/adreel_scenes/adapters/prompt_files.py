"""The templates of prompts: those that come with the service, or a deployment's own in their place.

A template has the blocks `system` and `user` (that of a repair: `user` alone). Which one a scene came from is kept with
it: the service's own have numbered versions, a deployment's is named by the digest of its text.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateError

from adreel_scenes.adapters.config_files import ConfigFileBroken, config_text

# The wordings in use; a change of wording is a new version beside the old one.
CURRENT = {"storyboard": "storyboard.v2", "scene": "scene.v2", "repair": "repair.v1"}


class PromptFiles:
    """The templates by purpose: storyboard, scene, repair. Built once at start."""

    def __init__(self, directory: str = "") -> None:
        """`directory` may hold `storyboard.md.j2`, `scene.md.j2` and `repair.md.j2`. Raises ConfigFileBroken."""
        own = Path(directory) if directory else None
        if own is not None and not own.is_dir():
            raise ConfigFileBroken(f"ADREEL_PROMPTS_DIR is {directory!r}, which is no directory.")
        self._templates: dict[str, Template] = {}
        self._versions: dict[str, str] = {}
        for purpose, packaged in CURRENT.items():
            place = None if own is None else own / f"{purpose}.md.j2"
            if place is not None and place.exists():
                text = config_text(place, f"The prompt {place}")
                version = f"{purpose}.{hashlib.sha256(text.encode()).hexdigest()[:12]}"
            else:
                version = packaged
                text = (files("adreel_scenes.prompts") / f"{version}.md.j2").read_text(encoding="utf-8")
            self._templates[purpose] = _compiled(text, str(place or version), purpose)
            self._versions[purpose] = version

    def version(self, purpose: str) -> str:
        """What scenes written with this template keep."""
        return self._versions[purpose]

    def block(self, purpose: str, block: str, variables: Mapping[str, object]) -> str:
        """One block with its variables filled in. Raises jinja2's TemplateError for a template that names others."""
        template = self._templates[purpose]
        return "".join(template.blocks[block](template.new_context(dict(variables)))).strip()


@cache
def packaged_prompts() -> PromptFiles:
    """The templates that come with the service."""
    return PromptFiles()


def prompt_environment(loader: BaseLoader | None = None) -> Environment:
    """Where prompts are rendered. What guards them is that data goes in through `tojson` alone; no HTML is made."""
    environment = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    return environment


def _compiled(text: str, place: str, purpose: str) -> Template:
    try:
        template = prompt_environment().from_string(text)
    except TemplateError as error:
        raise ConfigFileBroken(f"The prompt {place} is no template: {str(error)[:200]}.") from None
    for block in ("user",) if purpose == "repair" else ("system", "user"):
        if block not in template.blocks:
            raise ConfigFileBroken(f"The prompt {place} is wrong: it has no block {block}.")
    return template
