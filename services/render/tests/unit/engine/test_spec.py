"""Canvases, colours, palettes, the plan of a scene's words, and the key that names a clip."""

import colorsys
from dataclasses import replace
from pathlib import Path

import pytest
from adreel_render.engine.colour import contrast, luminance
from adreel_render.engine.layout import arrange, safe_area
from adreel_render.engine.palette import choose_palette, readable_on
from adreel_render.engine.scene_key import scene_key
from adreel_render.engine.spec import Brand, Canvas, Medium, SceneSpec, parse_color
from adreel_render.engine.text_plan import plan_text

CANVAS = Canvas(320, 180, 25)
SPEC = SceneSpec(
    2,
    4,
    150,
    head_frames=7,
    tail_frames=8,
    media=(Medium("a" * 64, Path("a.jpg")),),
    script="One. Two.",
    product="Olio",
)


@pytest.mark.parametrize(
    ("aspect", "resolution", "size"),
    [("16:9", "1080p", (1920, 1080)), ("9:16", "1080p", (1080, 1920)), ("1:1", "1080p", (1080, 1080)),
     ("16:9", "720p", (1280, 720)), ("9:16", "720p", (720, 1280)), ("1:1", "720p", (720, 720))],
)  # fmt: skip
def test_canvas_sizes(aspect: str, resolution: str, size: tuple[int, int]) -> None:
    canvas = Canvas.of(aspect, resolution, 25)
    assert (canvas.width_px, canvas.height_px) == size


@pytest.mark.parametrize("settings", [("4:3", "1080p", 30), ("16:9", "4k", 30), ("16:9", "720p", 60)])
def test_canvas_refuses_other_settings(settings: tuple[str, str, int]) -> None:
    with pytest.raises(ValueError, match="none of"):
        Canvas.of(*settings)


@pytest.mark.parametrize(
    ("text", "color"),
    [("#0af", (0, 170, 255)), ("0AF", (0, 170, 255)), (" #10b981 ", (16, 185, 129)), ("Tomato", (255, 99, 71)),
     ("#12345", None), ("", None), ("url(x)", None), ("hsl(10,10%,10%)", None), ("nocolor", None), ("#12345678", None)],
)  # fmt: skip
def test_colours_are_parsed_or_left_out(text: str, color: tuple[int, int, int] | None) -> None:
    assert parse_color(text) == color
    assert Brand(colors=(text,)).rgb_colors == ((color,) if color else ())


@pytest.mark.parametrize("red", range(0, 256, 51))
def test_every_colour_has_a_readable_text_colour(red: int) -> None:
    for green in range(0, 256, 51):
        for blue in range(0, 256, 51):
            color = (red, green, blue)
            assert contrast(luminance(readable_on(color)), luminance(color)) >= 4.5
            palette = choose_palette(Brand(colors=(f"#{red:02x}{green:02x}{blue:02x}",)))
            assert contrast(luminance(palette.on_button), luminance(palette.button)) >= 5
            assert contrast(1.0, luminance(palette.deep_start)) >= 6.9
            # WCAG 1.4.11: a button of the brand's only colour is told from a ground of the same hue.
            assert contrast(luminance(palette.button), luminance(palette.deep_start)) >= 2.95


@pytest.mark.parametrize("colors", [("#fbe4e8", "#d8ecd8", "#fff6c9"), ("#e8eaf6",), ("#fff6c9",), ("#ffff00",)])
def test_a_pale_or_yellow_brand_has_a_ground_with_a_hue_and_no_olive_drab(colors: tuple[str, ...]) -> None:
    red, green, blue = choose_palette(Brand(colors=colors)).deep_start
    hue, saturation, _ = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    assert saturation > 0.3
    assert not 40 / 360 < hue < 75 / 360


def test_palette_follows_the_first_word_of_the_tone() -> None:
    warm = choose_palette(Brand(), tone="Warm and calm")
    assert warm == choose_palette(Brand(), tone="warm")
    assert warm != choose_palette(Brand(), tone="Energetic")
    assert choose_palette(Brand(), tone="indescribable") == choose_palette(Brand())


def test_phone_layouts_leave_the_lower_fifth_free() -> None:
    tall = Canvas.of("9:16")
    assert safe_area(tall).bottom <= tall.height_px * 0.8
    assert arrange(tall, is_split=False).captions.box.bottom <= tall.height_px * 0.8


def test_a_wide_card_on_a_square_uses_the_room_that_a_title_would_take() -> None:
    square = Canvas.of("1:1")
    bare = arrange(square, is_split=False, has_wide_card=True)
    titled = arrange(square, is_split=False, has_wide_card=True, has_title=True)
    assert titled.card.bottom <= titled.headline.top + titled.headline.height
    assert titled.card.bottom < bare.card.bottom <= bare.captions.box.top


def test_words_keep_clear_of_both_transition_windows() -> None:
    plan = plan_text(replace(SPEC, copy_start=15, copy_end=149), CANVAS)
    assert plan.start >= 12
    assert plan.end <= 152
    assert plan.phrases[0].start_frame >= plan.start
    assert plan.phrases[-1].end_frame <= plan.end


def test_captions_follow_one_another_without_overlap() -> None:
    plan = plan_text(replace(SPEC, script="A first thing to say. A second thing. " * 4), CANVAS)
    assert len(plan.phrases) > 2
    for one, following in zip(plan.phrases, plan.phrases[1:], strict=False):
        assert one.end_frame <= following.start_frame


def test_only_the_last_scene_has_an_end_card() -> None:
    assert plan_text(SPEC, CANVAS).end_card_start is None
    last = plan_text(replace(SPEC, number=4, call_to_action="Buy"), CANVAS)
    assert last.end_card_start is not None
    assert last.end_card_start > last.start


def test_a_short_last_scene_shows_its_end_card_at_once() -> None:
    plan = plan_text(
        replace(SPEC, number=4, call_to_action="Buy", body_frames=40, head_frames=0, tail_frames=0), CANVAS
    )
    assert plan.end_card_start == plan.start


def test_a_phrase_that_the_end_card_shows_at_the_time_is_not_set_below_it_again() -> None:
    last = replace(SPEC, number=4, call_to_action="Book your week", script="Come along. This is Olio. Book your week!")
    said = [phrase.text for phrase in plan_text(last, CANVAS).phrases]
    assert said[0].startswith("Come along.")
    assert not any("Book your week" in text for text in said)
    elsewhere = replace(last, number=2, call_to_action=None)
    assert any("Book your week" in phrase.text for phrase in plan_text(elsewhere, CANVAS).phrases)


def test_captions_that_only_repeat_the_call_to_action_are_left_out() -> None:
    spec = replace(SPEC, number=4, call_to_action="Buy now!", script="Buy now")
    assert plan_text(spec, CANVAS).phrases == ()


def test_without_captions_a_picture_carries_no_script() -> None:
    assert plan_text(replace(SPEC, captions=False), CANVAS).phrases == ()


def test_the_first_scene_introduces_the_product() -> None:
    assert plan_text(replace(SPEC, number=1), CANVAS).title == "Olio"
    assert plan_text(SPEC, CANVAS).title is None
    assert plan_text(replace(SPEC, headline="New"), CANVAS).title == "New"


def test_key_does_not_depend_on_where_files_lie() -> None:
    moved = replace(SPEC, media=(Medium("a" * 64, Path("elsewhere/b.jpg")),))
    assert scene_key(SPEC, CANVAS) == scene_key(moved, CANVAS)


def test_key_changes_with_everything_that_is_drawn() -> None:
    others = [
        replace(SPEC, script="Other."),
        replace(SPEC, body_frames=151),
        replace(SPEC, head_frames=6),
        replace(SPEC, copy_start=15),
        replace(SPEC, captions=False),
        replace(SPEC, shot_type="wide"),
        replace(SPEC, seed=1),
        replace(SPEC, number=3),
        replace(SPEC, media=(Medium("b" * 64, Path("a.jpg")),)),
        replace(SPEC, brand=Brand(colors=("#f00",))),
        replace(SPEC, product="Other"),
    ]
    keys = {scene_key(spec, CANVAS) for spec in [SPEC, *others]}
    assert len(keys) == len(others) + 1
    assert scene_key(SPEC, Canvas(320, 180, 24)) not in keys


def test_key_reads_a_logo_that_has_no_digest(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"one")
    first = scene_key(replace(SPEC, brand=Brand(logo=logo)), CANVAS)
    logo.write_bytes(b"two")
    assert scene_key(replace(SPEC, brand=Brand(logo=logo)), CANVAS) != first


def test_impossible_scenes_are_refused() -> None:
    for wrong in ({"body_frames": 0}, {"head_frames": -1}, {"number": 5}, {"number": 0}):
        with pytest.raises(ValueError, match="scene"):
            replace(SPEC, **wrong)
