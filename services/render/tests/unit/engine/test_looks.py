"""What is measured on drawn frames: nothing stretched, type inside the safe area, type that can be read."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from adreel_render.engine.colour import YUV, contrast, luminance_map, yuv_to_rgb
from adreel_render.engine.elements import Element
from adreel_render.engine.layout import safe_area
from adreel_render.engine.spec import Brand, Canvas, Medium, SceneSpec
from adreel_render.engine.stage import Stage, build_stage
from adreel_render.engine.stills import draw_still

WIDE, TALL, SQUARE = Canvas(640, 360, 25), Canvas(360, 640, 25), Canvas(400, 400, 25)
CANVASES = [WIDE, TALL, SQUARE]
SCRIPT = "Leave the planning to us. Seven days of walking, with the path, the bed and the supper taken care of."
PRODUCT = "Vereda Walks: seven guided days in the mountains of northern Spain"


def circle_on(width: int, height: int, ground: tuple[int, int, int], *, alpha: bool) -> npt.NDArray[np.uint8]:
    """A pure red disc in the middle of a ground, which is clear where `alpha` is asked for."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[:, :, :3] = ground
    pixels[:, :, 3] = 0 if alpha else 255
    cv2.circle(pixels, (width // 2, height // 2), min(width, height) // 4, (255, 0, 0, 255), -1, cv2.LINE_AA)
    return pixels if alpha else pixels[:, :, :3]


@pytest.mark.parametrize("canvas", CANVASES, ids=["wide", "tall", "square"])
@pytest.mark.parametrize(
    ("width", "height", "ground", "alpha"),
    [(900, 600, (40, 80, 60), False), (600, 900, (40, 80, 60), False), (700, 700, (255, 255, 255), False),
     (500, 800, (0, 0, 0), True), (1600, 300, (40, 80, 60), False)],
    ids=["landscape", "portrait", "product on white", "cut-out", "banner"],
)  # fmt: skip
def test_a_circle_stays_a_circle(
    canvas: Canvas,
    width: int,
    height: int,
    ground: tuple[int, int, int],
    alpha: bool,
    picture_file: Callable[..., Medium],
) -> None:
    pixels = circle_on(width, height, ground, alpha=alpha)
    if not alpha and ground != (255, 255, 255):
        noise = np.random.default_rng(2).integers(-30, 30, (height // 10, width // 10, 1))
        spread = cv2.resize(noise.astype(np.float32), (width, height))[:, :, None]
        pixels = np.where(pixels[:, :, :1] > 200, pixels, np.clip(pixels + spread, 0, 255)).astype(np.uint8)
    spec = SceneSpec(2, 3, 30, media=(picture_file(pixels),), brand=Brand(colors=("#1155aa",)))
    for index in (0, 15, 29):
        rgb = draw_still(spec, canvas, index).astype(int)
        red = ((rgb[:, :, 0] > 150) & (rgb[:, :, 1] < 60) & (rgb[:, :, 2] < 60)).astype(np.uint8)
        outline = max(cv2.findContours(red, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
        _, (minor, major), _ = cv2.fitEllipse(outline)
        assert min(minor, major) > 30
        assert max(minor, major) / min(minor, major) < 1.03


TEXTS = {
    "short": ("Hi.", "Olio"),
    "usual": (SCRIPT, PRODUCT),
    "long word": ("Donaudampfschifffahrtsgesellschaftskapitän " * 4, "Rindfleischetikettierungsgesetz" * 2),
    "address": ("https://www.example.com/" + "path/" * 60, "https://example.com/?" + "q" * 200),
    "endless": ("word " * 400, "product " * 60),
    "arabic": ("اكتشف جمال الجبال الشمالية مع Vereda Walks في 7 أيام. " * 3, "فيريدا: سبعة أيام في الجبال"),
    "hebrew": ("שבעה ימים של הליכה, בלי לתכנן כלום. " * 4, "הליכות"),
    "hindi and thai": ("हिन्दी में यात्रा ภาษาไทยเดินป่าเดินป่าเดินป่าเดินป่าเดินป่าเดินป่า", "यात्रा"),
    "odd": ("\u0000\u200b\u202e🎉👨‍👩‍👧 \n\n\t tabs\r\nand lines " + "\u0301" * 50, "\ufffe\U0010ffff x"),
}  # fmt: skip


@pytest.mark.parametrize("canvas", CANVASES, ids=["wide", "tall", "square"])
@pytest.mark.parametrize("text", TEXTS, ids=str)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_all_type_stays_inside_the_safe_area(
    text: str, number: int, canvas: Canvas, texture, picture_file: Callable[..., Medium]
) -> None:
    """On a dark picture type needs no shade, so everything bright is ink."""
    script, product = TEXTS[text]
    spec = SceneSpec(
        number, 3, 60, media=(picture_file(texture(480, 270, low=0, high=30)),), script=script, product=product,
        call_to_action=product, headline=None, brand=Brand(colors=("#ffffff",)),
    )  # fmt: skip
    stage = build_stage(spec, canvas)
    safe = safe_area(canvas)
    outside = np.ones((canvas.height_px, canvas.width_px), bool)
    outside[safe.top - 1 : safe.bottom + 1, safe.left - 1 : safe.right + 1] = False
    for index in (8, 30, 52):
        luma = stage.frame(index).y
        assert luma[outside].max() < 120, f"ink outside the safe area in frame {index}"


def ink_and_ground(stage: Stage, element: Element, index: int) -> tuple[YUV, YUV]:
    """The frame with all elements up to one, and without that one."""
    before = stage.elements[: stage.elements.index(element)]
    ground = YUV(*(plane.copy() for plane in stage.shot.read(index)))
    for other in before:
        other.draw(ground, index)
    drawn = YUV(*(plane.copy() for plane in ground))
    element.draw(drawn, index)
    return drawn, ground


def measured_contrasts(stage: Stage, index: int) -> list[float]:
    """For every element with ink in it that is fully there: the contrast of ink to the worst ground beside it."""
    found = []
    for element in stage.elements:
        settled = element.start + element.fade_in < index < element.end - element.fade_out - 1
        keep = element.sprite.keeps[0]
        is_type = 40 < (keep < 6).sum() < 0.35 * keep.size  # shades have no solid part, buttons are mostly solid
        if not settled or not is_type:
            continue
        sprite = element.sprite
        ink_mask = np.zeros_like(stage.shot.read(index).y)
        y1, x1 = (
            min(sprite.top + sprite.height_px, ink_mask.shape[0]),
            min(sprite.left + sprite.width_px, ink_mask.shape[1]),
        )
        ink_mask[sprite.top : y1, sprite.left : x1] = (keep[: y1 - sprite.top, : x1 - sprite.left] < 6) * 255
        drawn, ground = (luminance_map(yuv_to_rgb(frame)) for frame in ink_and_ground(stage, element, index))
        beside = cv2.dilate(ink_mask, np.ones((9, 9), np.uint8)) > 0
        inner = cv2.erode(ink_mask, np.ones((2, 2), np.uint8)) > 0
        ink = float(np.median(drawn[inner if inner.sum() > 20 else ink_mask > 0]))
        soft = cv2.blur(ground, (3, 3))[beside]
        worst = np.percentile(soft, 98 if ink > 0.5 else 2)
        found.append(contrast(ink, float(worst)))
    return found


GROUNDS = {
    "white": (255, 255),
    "light": (225, 255),
    "middle": (90, 170),
    "dark": (0, 40),
    "black": (0, 0),
    "everything": (0, 255),
}


@pytest.mark.parametrize("canvas", CANVASES, ids=["wide", "tall", "square"])
@pytest.mark.parametrize("ground", GROUNDS, ids=str)
@pytest.mark.parametrize("number", [1, 2])
def test_captions_and_titles_have_a_contrast_of_at_least_four_and_a_half(
    ground: str, number: int, canvas: Canvas, texture, picture_file: Callable[..., Medium]
) -> None:
    low, high = GROUNDS[ground]
    pixels = texture(960, 640, low=low, high=high)
    spec = SceneSpec(number, 3, 60, media=(picture_file(pixels),), script=SCRIPT, product="Vereda Walks")
    stage = build_stage(spec, canvas)
    measured = [value for index in (20, 30, 42) for value in measured_contrasts(stage, index)]
    assert len(measured) >= 2
    assert min(measured) >= 4.5


@pytest.mark.parametrize("color", ["#ffffff", "#ffff00", "#00ffff", "#ff00ff", "#7fffd4", "#0000ff", "#808080", "#000"])
def test_words_on_a_brand_gradient_can_be_read_whatever_the_brand_colour(color: str) -> None:
    spec = SceneSpec(2, 3, 60, script="A scene of words alone.", brand=Brand(colors=(color,)))
    stage = build_stage(spec, WIDE)
    drawn = yuv_to_rgb(stage.frame(30))
    luminances = luminance_map(drawn)
    white = luminances > 0.85
    assert white.sum() > 200
    beside = (cv2.dilate(white.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0) & (
        cv2.dilate(white.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    )
    assert contrast(1.0, float(np.percentile(luminances[beside], 98))) >= 4.5


@pytest.mark.parametrize("canvas", CANVASES, ids=["wide", "tall", "square"])
def test_the_end_card_shows_its_pill_in_the_brand_colour(canvas: Canvas, texture, picture_file) -> None:
    spec = SceneSpec(
        3, 3, 75, media=(picture_file(texture(960, 640)),), script="Soon.", product="Vereda Walks",
        call_to_action="Book your week", brand=Brand(colors=("#e0218a",)),
    )  # fmt: skip
    stage = build_stage(spec, canvas)
    rgb = yuv_to_rgb(stage.frame(72)).astype(int)
    near = np.abs(rgb - np.array([0xE0, 0x21, 0x8A])).max(axis=2) < 14
    assert near.sum() > 0.005 * near.size
    assert min(measured_contrasts(stage, 72)) >= 4.5


def test_a_product_on_white_keeps_its_white(picture_file: Callable[..., Medium]) -> None:
    spec = SceneSpec(
        2, 3, 60, media=(picture_file(circle_on(600, 600, (255, 255, 255), alpha=False)),), script="Plain."
    )
    rgb = draw_still(spec, WIDE, 30)
    middle = rgb[60:300, 60:580].reshape(-1, 3)
    assert np.percentile(middle.min(axis=1), 50) > 235
