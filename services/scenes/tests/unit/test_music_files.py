"""scenes.json and scenes.md: the same scenes, and no text in them that a reader would obey."""

import json

import pytest
from adreel_scenes.domain.music import MusicScene
from adreel_scenes.domain.music_files import markdown_text, scenes_json, scenes_markdown
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

HOSTILE = [
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "# Heading",
    "1. list\n- item",
    "```\ncode",
    "`code`",
    "**bold** _italics_ ~~gone~~",
    "> quote",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "https://evil.example www.evil.example",
    "<https://evil.example>",
    "[a]: https://evil.example",
    "&lt;b&gt; &#60;script&#62;",
    "---",
    "===",
    "\\[x](y)",
    "line\r\n\r\n# two",
    "text  \nbreak",
    "<!-- comment -->",
]


def kinds(markdown: str) -> set[str]:
    """What a reader of Markdown sees in it beside plain text."""
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(markdown)
    inner = [child for token in tokens for child in token.children or ()]
    return {token.type for token in [*tokens, *inner]}


PLAIN = kinds(scenes_markdown([MusicScene("A street", "text")], "A song", {"camera_angle": "low"}).decode())


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_in_any_text_is_shown_and_not_obeyed(text):
    page = scenes_markdown([MusicScene(text, text)], text, {"camera_angle": text}).decode()
    assert kinds(page) <= PLAIN
    shown = "".join(
        child.content
        for token in MarkdownIt("gfm-like", {"linkify": False}).parse(page)
        for child in token.children or ()
    )
    assert " ".join(text.split()) in shown


@given(st.text(min_size=1))
def test_any_text_stays_text(text):
    page = scenes_markdown([MusicScene(text, text)], text, {"camera_angle": text}).decode("utf-8", "replace")
    assert kinds(page) <= PLAIN | {"text", "softbreak"}
    assert "\n" not in markdown_text(text)


def test_json_is_what_the_answer_says():
    scenes = [MusicScene("A street – ночь", "text")]
    read = json.loads(scenes_json(scenes, {"idea": "x", "number_of_scenes": 1}))
    assert read == {
        "scenes": [{"description": "A street – ночь", "negative_description": "text"}],
        "metadata": {"idea": "x", "number_of_scenes": 1},
    }
