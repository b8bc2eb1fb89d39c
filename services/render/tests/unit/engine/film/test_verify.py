"""The verify gate finds what is wrong with a film; a gate that lets everything through protects nobody."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from adreel_render.engine.composer import compose_film
from adreel_render.engine.cues import AudioPlan, MusicBed
from adreel_render.engine.errors import VerificationError
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.spec import Canvas
from adreel_render.engine.verify import check_bodies, check_decoding, check_structure, require_valid


@pytest.fixture
def plan(make_plan: Callable[..., FilmPlan]) -> FilmPlan:
    return make_plan((40, 40), audio=AudioPlan(music=MusicBed("calm", 1)))


@pytest.fixture
def film(plan: FilmPlan, tmp_path: Path) -> Path:
    return compose_film(plan, tmp_path / "film.mp4", work_dir=tmp_path).path


def _remuxed(
    film: Path,
    name: str,
    *,
    options: dict[str, str] | None = None,
    keep: Callable[[int, av.Packet], bool] = lambda number, packet: True,
    shift: int = 0,
) -> Path:
    """The film written again, with some of its packets left out or its pictures late."""
    path = film.with_name(name)
    with av.open(str(film)) as source, av.open(str(path), "w", options=options or {"movflags": "+faststart"}) as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        number = 0
        for packet in source.demux():
            if not packet.size:
                continue
            is_picture = packet.stream.type == "video"
            kept = keep(number, packet)
            number += 1
            if not kept:
                continue
            if is_picture and packet.pts is not None and number > 60:
                packet.pts += shift
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    return path


def test_a_good_film_passes(film: Path, canvas: Canvas) -> None:
    require_valid(film, canvas, 80)


def test_an_index_behind_the_media_is_found(film: Path, canvas: Canvas) -> None:
    late = _remuxed(film, "late.mp4", options={"movflags": "0"})
    assert any("behind the media" in problem for problem in check_structure(late, canvas, 80))


def test_a_missing_picture_is_found(film: Path, canvas: Canvas) -> None:
    pictures = iter(range(1000))
    without = _remuxed(
        film, "without.mp4", keep=lambda _, packet: packet.stream.type == "audio" or next(pictures) != 30
    )
    problems = check_structure(without, canvas, 80)
    assert any("79 pictures instead of 80" in problem for problem in problems)
    assert any("one frame apart" in problem for problem in problems)


def test_sound_that_ends_early_is_found(film: Path, canvas: Canvas) -> None:
    half = Fraction(4, 3)
    short = _remuxed(
        film,
        "short.mp4",
        keep=lambda _, packet: packet.stream.type == "video" or packet.pts * packet.time_base < half,
    )
    assert any("sound ends at" in problem for problem in check_structure(short, canvas, 80))


def test_uneven_pictures_are_found(film: Path, canvas: Canvas) -> None:
    uneven = _remuxed(film, "uneven.mp4", shift=100)
    assert any("one frame apart" in problem for problem in check_structure(uneven, canvas, 80))


def test_a_wrong_canvas_is_found(film: Path) -> None:
    problems = check_structure(film, Canvas(640, 360, 25), 80)
    assert any("320x180" in problem for problem in problems)
    assert any("rate" in problem for problem in problems)


def test_a_film_without_sound_is_found(plan: FilmPlan, canvas: Canvas) -> None:
    problems = check_structure(plan.clips[0].path, canvas, 40)
    assert problems == ["the film has other streams than one picture and one sound"]


def test_damaged_pictures_are_found_by_decoding(film: Path) -> None:
    data = bytearray(film.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 600] = bytes(600)
    damaged = film.with_name("damaged.mp4")
    damaged.write_bytes(data)
    assert check_decoding(damaged, 80) != []


def test_a_truncated_file_is_found(film: Path, canvas: Canvas) -> None:
    data = film.read_bytes()
    film.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(VerificationError) as error:
        require_valid(film, canvas, 80)
    assert error.value.problems


def test_pictures_that_are_not_the_clips_own_are_found(
    film: Path, plan: FilmPlan, replace_clip: Callable[[FilmPlan, int, int], FilmPlan]
) -> None:
    assert check_bodies(film, plan) == []
    other = replace_clip(plan, 1, 77)
    assert check_bodies(film, other) == ["clip 2: 40 of 40 copied pictures differ"]
    swapped = replace(plan, clips=(other.clips[1], plan.clips[1]))
    assert check_bodies(film, swapped) == ["clip 1: 40 of 40 copied pictures differ"]
