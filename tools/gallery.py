"""Draws what the local engine can look like, and fails on type that cannot be read.

    python tools/gallery.py [--out out/gallery] [--only WORD ...] [--short-side 720] [--processes 2]

One sheet of stills per aspect ratio, brand and text, on the lightest and the darkest sample picture, on a checker, on
photographs and on no picture at all: opening, a scene in the middle, end card. One sheet per transition and ratio, a
row of frames across the cut. Every frame's type is measured as `engine.legibility` says; each problem is a line, and
any of them makes the exit status 1. `--only` keeps the sheets whose names hold all the words.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from adreel_render.engine.colour import YUV, yuv_to_rgb
from adreel_render.engine.fonts import Typeface, Weight
from adreel_render.engine.legibility import measure_type, type_problems
from adreel_render.engine.spec import ASPECT_RATIOS, Brand, Canvas, Medium, SceneSpec
from adreel_render.engine.stage import Stage, build_stage
from adreel_render.engine.transitions import Transition, TransitionKind, blend, clip_frames, fitting
from PIL import Image, ImageDraw

EXAMPLES = Path(__file__).parent.parent / "examples"
FPS = 25
BODY_FRAMES = 80
WINDOW_FRAMES = 13
RGB = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Words:
    """What an ad says: the product, what is read in a scene, the call to action."""

    product: str
    script: str
    call_to_action: str


_LONG = (
    "Every morning the kettle sings before the village wakes, and by the time the mist has left the valley you are "
    "already two ridges further, with bread in your pocket and nobody in sight but a pair of vultures. "
)
TEXTS = {
    "short": Words("Olio", "Try it.", "Buy"),
    "normal": Words(
        "Vereda Walks: seven guided days in the mountains of northern Spain",
        "Leave the planning to us. The path, the bed and the supper are taken care of.",
        "Book your week",
    ),
    "very-long": Words(
        "The Incomparable Northern Mountain Walking Company of Asturias and Cantabria: seven, ten or fourteen "
        "unhurried days on quiet paths between stone villages, with luggage carried from door to door",
        _LONG * 6,
        "Reserve your place for the coming season today and receive the map, the guide and the first night free",
    ),
    "long-word": Words(
        "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter.",
        "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogochbu",
    ),
    "japanese": Words(
        "山の小径：北スペインの山を歩く七日間", "計画はお任せください。道も宿も夕食も、すべて整えます。", "今すぐ予約"
    ),
    "chinese": Words(
        "山间小径：西班牙北部群山七日行",
        "行程交给我们。路线、住宿和晚餐一应俱全，您只管走进山里，慢慢看云。",
        "立即预订"
    ),
    "korean": Words(
        "산길 여행: 스페인 북부 산을 걷는 7일",
        "계획은 저희에게 맡기세요. 길도 숙소도 저녁 식사도 모두 준비되어 있습니다.",
        "지금 예약하기"
    ),
    "arabic": Words(
        "دروب فيريدا: سبعة أيام في جبال الشمال",
        "اترك التخطيط لنا. الطريق والسرير والعشاء علينا مع Vereda.",
        "احجز أسبوعك"
    ),
    "hebrew": Words(
        "שבילי ורדה: שבעה ימים בהרי הצפון",
        "השאירו לנו את התכנון. הדרך, המיטה וארוחת הערב עלינו.",
        "הזמינו עכשיו",
    ),
    "hindi": Words(
        "वेरेदा यात्रा: उत्तरी पहाड़ों में सात दिन", "योजना हम पर छोड़ दें। रास्ता, बिस्तर और भोजन सब तैयार है।", "अभी बुक करें"
    ),
    "thai": Words("เดินป่าเวเรดา: เจ็ดวันในขุนเขาทางเหนือ", "ให้เราวางแผนแทนคุณ เส้นทาง ที่พัก และอาหารเย็นพร้อมแล้ว", "จองเลย"),
    "emoji": Words(
        "Vereda 🏔️ Walks 🥾", "Pack light 🎒, sleep well 😴 and wake up to 👨‍👩‍👧 mountains ⛰️!", "Book now 🎉"
    ),
}  # fmt: skip

BRANDS = {
    "none": Brand(),
    "dark": Brand(colors=("#101418", "#3a4a5a", "#c8a04b"), tone="luxury"),
    "pastel": Brand(colors=("#fbe4e8", "#d8ecd8", "#fff6c9"), tone="gentle"),
    "loud": Brand(colors=("#ff00aa", "#e8ff00", "#00e5ff"), tone="energetic"),
    "serif": Brand(colors=("#7a1f2b", "#f1e3c6"), font="DejaVu Serif"),
}
"""Those with a logo are `LOGOS`; "serif" has a font of its own, where the machine has it."""
LOGOS = {"dark": (255, 255, 255), "pastel": (40, 40, 60), "serif": (122, 31, 43)}

GROUNDS = ("lightest", "darkest", "checker", "mountain-trail", "forest-stream", "words")


@dataclass(frozen=True)
class Sheet:
    """One picture of the gallery: `kind` is a transition's, or empty for a sheet of stills."""

    ratio: str
    brand: str = "none"
    text: str = "normal"
    kind: str = ""

    @property
    def name(self) -> str:
        ratio = self.ratio.replace(":", "x")
        word = self.kind.replace(" ", "-")
        return f"transition_{word}_{ratio}" if self.kind else f"look_{ratio}_{self.brand}_{self.text}"


@dataclass(frozen=True)
class Drawn:
    """What became of a sheet: what was measured, and what was wrong."""

    name: str
    measured: int
    least_contrast: float
    problems: tuple[str, ...]


def all_sheets() -> Iterator[Sheet]:
    """Every transition and every look in every ratio."""
    for ratio in ASPECT_RATIOS:
        yield from (Sheet(ratio, kind=kind.value) for kind in TransitionKind)
        yield from (Sheet(ratio, brand, text) for brand in BRANDS for text in TEXTS)


def make_material(folder: Path) -> None:
    """The generated grounds and logos, as files; photographs are taken from `examples/`."""
    dice = np.random.default_rng(3)
    grain = dice.integers(0, 7, (720, 1280, 1), dtype=np.uint8)
    Image.fromarray(np.repeat(248 + grain, 3, axis=2)).save(folder / "lightest.jpg", quality=95)
    Image.fromarray(np.repeat(grain, 3, axis=2)).save(folder / "darkest.jpg", quality=95)
    rows, columns = np.mgrid[0:900, 0:1600] // 50
    checker = np.where((rows + columns) % 2 == 0, 255, 0).astype(np.uint8)
    Image.fromarray(np.repeat(checker[:, :, None], 3, axis=2)).save(folder / "checker.jpg", quality=95)
    for brand, color in LOGOS.items():
        logo = Image.new("RGBA", (900, 300), (0, 0, 0, 0))
        pen = ImageDraw.Draw(logo)
        pen.polygon([(20, 280), (150, 30), (215, 150), (260, 80), (370, 280)], fill=(*color, 255))
        pen.text((400, 60), "vereda", fill=(*color, 255), font_size=150)
        logo.save(folder / f"logo-{brand}.png")


def draw_sheet(sheet: Sheet, folder: Path, out: Path, short_side_px: int) -> Drawn:
    """Draw and measure one sheet and write it to `out`; `folder` holds the material."""
    cv2.setNumThreads(1)
    full = Canvas.of(sheet.ratio, "1080p", FPS)
    scale = short_side_px / full.short_side_px
    canvas = Canvas(2 * round(full.width_px * scale / 2), 2 * round(full.height_px * scale / 2), FPS)
    rows, contrasts, problems = (_transition if sheet.kind else _looks)(sheet, canvas, folder)
    Image.fromarray(_tiled(rows, canvas)).save(out / f"{sheet.name}.png")
    return Drawn(sheet.name, len(contrasts), min(contrasts, default=21.0), tuple(problems))


def _looks(sheet: Sheet, canvas: Canvas, folder: Path) -> tuple[list[list[RGB]], list[float], list[str]]:
    """A row per ground: opening, a scene in the middle, end card."""
    rows: list[list[RGB]] = []
    contrasts: list[float] = []
    problems: list[str] = []
    for ground in GROUNDS:
        row = []
        for number in (1, 2, 3):
            spec = _scene(sheet, ground, number, folder)
            stage = build_stage(spec, canvas)
            for index in (24, 44, 72):
                texts = measure_type(stage, index)
                contrasts += [text.contrast for text in texts]
                for problem in type_problems(texts, canvas):
                    problems.append(f"{sheet.name}: {ground}, scene {number}, frame {index}: {problem.sentence}")
            row.append(yuv_to_rgb(stage.frame(72 if number == 3 else 44)))
        rows.append(row)
    return rows, contrasts, problems


def _transition(sheet: Sheet, canvas: Canvas, folder: Path) -> tuple[list[list[RGB]], list[float], list[str]]:
    """A row of frames across the cut, with the first and the last frame that the transition leaves alone."""
    transition = fitting(Transition(TransitionKind(sheet.kind), WINDOW_FRAMES), BODY_FRAMES, BODY_FRAMES)
    before, after = clip_frames(BODY_FRAMES, after=transition), clip_frames(BODY_FRAMES, before=transition)
    stages = []
    for number, (ground, frames) in enumerate([("mountain-trail", before), ("lightest", after)], start=1):
        spec = replace(
            _scene(sheet, ground, number, folder),
            head_frames=frames.head_frames,
            tail_frames=frames.tail_frames,
            copy_start=frames.copy_start,
            copy_end=frames.copy_end,
        )
        stages.append(build_stage(spec, canvas))
    contrasts: list[float] = []
    problems: list[str] = []
    for stage, frames in zip(stages, (before, after), strict=True):
        for index in range(frames.copy_start, frames.copy_end, 8):
            texts = measure_type(stage, index)
            contrasts += [text.contrast for text in texts]
            problems += [f"{sheet.name}: frame {index}: {p.sentence}" for p in type_problems(texts, canvas)]
    pictures = [_copied(stages[0], before.copy_end - 1)]
    for share in (0.15, 0.5, 0.85) if transition.frames else ():
        index = min(transition.frames - 1, round(share * transition.frames))
        pictures.append(_window_frame(stages[0], stages[1], transition, index, before.copy_end))
    pictures.append(_copied(stages[1], after.copy_start))
    return [[yuv_to_rgb(picture) for picture in pictures]], contrasts, problems


def _window_frame(a: Stage, b: Stage, transition: Transition, index: int, window_start: int) -> YUV:
    late_b = transition.frames - transition.frames_of_b
    frame_a = _copied(a, window_start + index) if index < transition.frames_of_a else None
    frame_b = _copied(b, index - late_b) if index >= late_b else None
    return YUV(*blend(transition.kind, frame_a, frame_b, index, transition.frames))


def _copied(stage: Stage, index: int) -> YUV:
    return YUV(*(plane.copy() for plane in stage.frame(index)))


def _scene(sheet: Sheet, ground: str, number: int, folder: Path) -> SceneSpec:
    words = TEXTS[sheet.text]
    brand = BRANDS[sheet.brand]
    if sheet.brand in LOGOS:
        brand = replace(brand, logo=folder / f"logo-{sheet.brand}.png", logo_key=f"logo-{sheet.brand}")
    path = EXAMPLES / f"{ground}.jpg" if (EXAMPLES / f"{ground}.jpg").exists() else folder / f"{ground}.jpg"
    media = () if ground == "words" else (Medium(hashlib.sha256(ground.encode()).hexdigest(), path),)
    return SceneSpec(
        number, 3, BODY_FRAMES, media=media, script=words.script, product=words.product,
        call_to_action=words.call_to_action if number == 3 else None, brand=brand, seed=4,
    )  # fmt: skip


def _tiled(rows: list[list[RGB]], canvas: Canvas) -> RGB:
    """All stills side by side, small enough to be looked at together."""
    height = 270 if canvas.width_px >= canvas.height_px else 480
    size = (round(height * canvas.width_px / canvas.height_px), height)
    gap = 6
    picture = np.full((len(rows) * (height + gap) + gap, max(map(len, rows)) * (size[0] + gap) + gap, 3), 96, np.uint8)
    for y, row in enumerate(rows):
        for x, still in enumerate(row):
            top, left = gap + y * (height + gap), gap + x * (size[0] + gap)
            small = cv2.resize(still, size, interpolation=cv2.INTER_AREA)
            picture[top : top + height, left : left + size[0]] = small
    return picture


def main() -> int:
    """Draw the sheets and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/gallery"))
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD")
    parser.add_argument("--short-side", type=int, default=720)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    sheets = [sheet for sheet in all_sheets() if all(word in sheet.name for word in options.only)]
    options.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.processes) as pool:
        make_material(Path(folder))
        waiting = [pool.submit(draw_sheet, s, Path(folder), options.out, options.short_side) for s in sheets]
        drawn = [future.result() for future in waiting]
    for one in drawn:
        for problem in one.problems:
            print("FAIL ", problem)
    for name, words in TEXTS.items():
        if not Typeface(Weight.BOLD).drawable(words.product):
            print(f"note: no font on this machine draws the text {name!r}: its sheets are without words")
    measured = sum(one.measured for one in drawn)
    least = min((one.least_contrast for one in drawn), default=21.0)
    wrong = sum(len(one.problems) for one in drawn)
    print(
        f"{len(drawn)} sheets in {options.out}, {measured} texts measured in {time.monotonic() - started:.0f} s: "
        f"least contrast {least:.2f}, problems {wrong}"
    )
    return 1 if wrong or not drawn else 0


if __name__ == "__main__":
    sys.exit(main())
