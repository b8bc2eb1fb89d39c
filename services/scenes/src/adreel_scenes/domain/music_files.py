"""The two files of a set of music-video scenes: the same content for programs and for people.

Text in the Markdown file is a model's or a user's. Every sign that Markdown reads is escaped, so that it can make no
link, picture, heading or HTML in whatever shows it.
"""

import json
import re
from collections.abc import Mapping, Sequence

from adreel_scenes.domain.music import MusicScene

JSON_NAME = "scenes.json"
MARKDOWN_NAME = "scenes.md"

# All ASCII punctuation may be escaped (CommonMark 2.4); a full stop or a colon is what makes a bare address a link.
_MEANT = re.compile(r"([!-/:-@\[-`{-~])")


def scenes_json(scenes: Sequence[MusicScene], metadata: Mapping[str, object]) -> bytes:
    """As the answer shows them, without the files."""
    content = {
        "scenes": [
            {"description": scene.description, "negative_description": scene.negative_description} for scene in scenes
        ],
        "metadata": dict(metadata),
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def scenes_markdown(scenes: Sequence[MusicScene], idea: str, parameters: Mapping[str, object]) -> bytes:
    """One section per scene, after what they were made from."""
    lines = ["# Music video scenes", "", f"**Idea:** {markdown_text(idea)}", ""]
    for name, value in parameters.items():
        if value not in ("", None):
            lines.append(f"- {markdown_text(name)}: {markdown_text(str(value))}")
    for number, scene in enumerate(scenes, start=1):
        lines += ["", f"## Scene {number}", "", f"**Description:** {markdown_text(scene.description)}"]
        if scene.negative_description:
            lines += ["", f"**Not to be seen:** {markdown_text(scene.negative_description)}"]
    return ("\n".join(lines) + "\n").encode()


def markdown_text(text: str) -> str:
    """`text` on one line, to be read as it stands."""
    return _MEANT.sub(r"\\\1", " ".join(text.split()))
