"""A few sheets of `make gallery`, small, and that the measuring finds what it is there to find."""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from adreel_render.engine.elements import Element
from adreel_render.engine.fonts import Weight
from adreel_render.engine.legibility import measure_type, type_problems
from adreel_render.engine.lettering import text_style, words
from adreel_render.engine.spec import Canvas, Medium, SceneSpec
from adreel_render.engine.stage import Stage, build_stage
from adreel_render.engine.typesetting import set_text
from PIL import Image

CANVAS = Canvas(640, 360, 25)


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    """`tools/gallery.py`, which is a program and no package."""
    path = Path(__file__).parents[5] / "tools" / "gallery.py"
    spec = importlib.util.spec_from_file_location("gallery", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("ratio", "brand", "text", "kind"),
    [("16:9", "none", "normal", ""), ("9:16", "none", "very-long", ""), ("1:1", "pastel", "arabic", ""),
     ("16:9", "serif", "long-word", ""), ("9:16", "dark", "emoji", ""),
     ("9:16", "loud", "japanese", ""), ("16:9", "pastel", "korean", ""), ("1:1", "none", "normal", "wipe")],
)  # fmt: skip
def test_sheets_have_no_text_that_cannot_be_read(
    gallery: ModuleType, tmp_path: Path, ratio: str, brand: str, text: str, kind: str
) -> None:
    gallery.make_material(tmp_path)
    drawn = gallery.draw_sheet(gallery.Sheet(ratio, brand, text, kind), tmp_path, tmp_path, 360)
    assert drawn.problems == ()
    assert drawn.measured > 12
    with Image.open(tmp_path / f"{drawn.name}.png") as sheet:
        assert min(sheet.size) > 250


def test_every_transition_ratio_brand_and_text_has_a_sheet(gallery: ModuleType) -> None:
    sheets = list(gallery.all_sheets())
    assert len({sheet.name for sheet in sheets}) == len(sheets) == 3 * (8 + 5 * 12)


def lettered(picture: Medium, *places: tuple[int, int], color: tuple[int, int, int] = (255, 255, 255)) -> Stage:
    """A scene on which the same words stand at some places."""
    stage = build_stage(SceneSpec(2, 3, 20, media=(picture,)), CANVAS)
    block = set_text("Plain words", text_style(360, 0.05, weight=Weight.BOLD, max_lines=1), (300, 60))
    texts = [Element(words(block, *place, color), 0, 20, type_px=block.size_px) for place in places]
    return replace(stage, elements=tuple(texts))


@pytest.fixture
def grey(picture_file: Callable[..., Medium]) -> Medium:
    return picture_file(np.full((360, 640, 3), 90, np.uint8))


def kinds(stage: Stage) -> list[str]:
    return [problem.kind for problem in type_problems(measure_type(stage, 10), CANVAS)]


def test_the_measured_contrast_is_that_of_the_colours(grey: Medium) -> None:
    (text,) = measure_type(lettered(grey, (200, 160)), 10)
    assert text.contrast == pytest.approx(1.05 / (0.1022 + 0.05), rel=0.05)  # WCAG: grey 90 has a luminance of 0.1022
    assert kinds(lettered(grey, (200, 160))) == []


def test_faint_type_is_found(grey: Medium) -> None:
    assert kinds(lettered(grey, (200, 160), color=(150, 150, 150))) == ["contrast"]


def test_type_outside_the_safe_area_is_found(grey: Medium) -> None:
    assert kinds(lettered(grey, (4, 160))) == ["outside"]


def test_texts_over_each_other_are_found(grey: Medium) -> None:
    assert kinds(lettered(grey, (200, 160), (220, 166))) == ["overlap"]


def test_letters_that_are_cut_off_are_found(grey: Medium) -> None:
    stage = lettered(grey, (200, 160))
    (element,) = stage.elements
    sprite = element.sprite
    ink = np.flatnonzero((sprite.keeps[0] < 128).any(0))[0] // 2 * 2 + 4
    cut = replace(
        sprite,
        colors=type(sprite.colors)(*(p[:, ink // n :] for p, n in zip(sprite.colors, (1, 2, 2), strict=True))),
        keeps=tuple(p[:, ink // n :] for p, n in zip(sprite.keeps, (1, 2), strict=True)),
    )
    assert kinds(replace(stage, elements=(replace(element, sprite=cut),))) == ["clipped"]
