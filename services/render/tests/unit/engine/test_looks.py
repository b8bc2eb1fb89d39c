"""What is measured on drawn frames: nothing stretched, type inside the safe area, type that can be read."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from adreel_render.engine.colour import contrast, luminance_map, yuv_to_rgb
from adreel_render.engine.layout import safe_area
from adreel_render.engine.legibility import measure_type
from adreel_render.engine.spec import Brand, Canvas, Medium, SceneSpec
from adreel_render.engine.stage import build_stage
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
    measured = [text.contrast for index in (20, 30, 42) for text in measure_type(stage, index)]
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
    assert min(text.contrast for text in measure_type(stage, 72)) >= 4.5


@pytest.mark.parametrize("colors", [("#fbe4e8", "#d8ecd8"), ("#ffff00",), ("#ff00aa", "#e8ff00"), ("#ffffff",), ()])
def test_words_alone_need_no_cloud_behind_them(colors: tuple[str, ...]) -> None:
    stage = build_stage(SceneSpec(2, 3, 60, script="A scene of words alone.", brand=Brand(colors=colors)), WIDE)
    assert not [e for e in stage.elements if not e.type_px and e.sprite.height_px > 100]


def test_words_stay_to_the_last_frame_of_the_film(picture_file: Callable[..., Medium], texture) -> None:
    """With the end card: words that left a moment before it would be seen leaving."""
    spec = SceneSpec(
        3, 3, 100, media=(picture_file(texture(640, 360, low=0, high=40)),), script="Soon.", product="Olio"
    )
    stage = build_stage(spec, WIDE)
    assert len(measure_type(stage, 99)) == len(measure_type(stage, 80)) == 2


@pytest.mark.parametrize("canvas", [WIDE, SQUARE], ids=["wide", "square"])
def test_the_shade_of_captions_goes_when_the_end_card_dims_the_picture(canvas: Canvas, picture_file) -> None:
    """White before, dim after: the strong shade of the one would lie as a dark bar across the other."""
    white = np.full((canvas.height_px, canvas.width_px, 3), 255, np.uint8)
    spec = SceneSpec(
        3, 3, 100, media=(picture_file(white),), script="One thing to say while it changes.", product="Olio"
    )
    stage = build_stage(spec, canvas)
    column = stage.frame(95).y[:, 8].astype(int)
    assert np.ptp(column) < 12
    assert min(text.contrast for text in measure_type(stage, 95)) >= 4.5
    before = next(index for index in range(100) if measure_type(stage, index))
    assert min(text.contrast for index in range(before, 100) for text in measure_type(stage, index)) >= 4.5


def test_the_end_card_does_not_show_the_edges_of_a_fitted_picture(picture_file: Callable[..., Medium]) -> None:
    picture = picture_file(np.full((300, 900, 3), 250, np.uint8))
    picture = Medium(picture.key, picture.path, role="reference")
    stage = build_stage(SceneSpec(3, 3, 100, media=(picture,), product="Olio", call_to_action="Buy"), SQUARE)
    assert np.ptp(stage.frame(20).y[:, 200].astype(int)) > 60  # the card on its ground
    assert np.ptp(stage.frame(95).y[:, 8].astype(int)) < 12


def test_a_product_on_white_keeps_its_white(picture_file: Callable[..., Medium]) -> None:
    spec = SceneSpec(
        2, 3, 60, media=(picture_file(circle_on(600, 600, (255, 255, 255), alpha=False)),), script="Plain."
    )
    rgb = draw_still(spec, WIDE, 30)
    middle = rgb[60:300, 60:580].reshape(-1, 3)
    assert np.percentile(middle.min(axis=1), 50) > 235
