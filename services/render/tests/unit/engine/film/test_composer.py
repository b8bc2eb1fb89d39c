"""Films joined from clips: exact length, copied pictures bit for bit, honest caching and cancelling."""

import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from adreel_render.engine.cache import DirectorySegmentCache
from adreel_render.engine.composer import compose_film
from adreel_render.engine.encoder import EncoderSettings
from adreel_render.engine.errors import CompositionError, RenderCancelled, UnusableClip
from adreel_render.engine.packets import decode_frames
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.spec import Canvas
from adreel_render.engine.transitions import CUT, Transition, TransitionKind
from adreel_render.engine.verify import check_bodies, require_valid
from adreel_render.engine.yuv import Planes

CROSSFADE = Transition(TransitionKind.CROSSFADE, 14)
ALL_KINDS = tuple(Transition(kind, 13) for kind in TransitionKind)

FilmPlanes = Callable[[Path, Canvas, int, int], list[Planes]]


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


def test_a_film_is_as_long_as_its_bodies_whatever_the_transitions(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan(
        (50,) * 9,
        ALL_KINDS,
        opening=Transition(TransitionKind.FADE_IN, 9),
        closing=Transition(TransitionKind.FADE_OUT, 9),
    )
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    assert info.frame_count == 450
    assert info.copied_frames + info.encoded_frames == 450
    require_valid(info.path, plan.canvas, 450)
    assert check_bodies(info.path, plan) == []


@pytest.mark.parametrize(("size", "fps"), list(itertools.product([(320, 180), (180, 320), (240, 240)], [24, 25, 30])))
def test_every_shape_and_rate_gives_a_valid_film(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path, size: tuple[int, int], fps: int
) -> None:
    plan = make_plan((31, 29, 47), (CROSSFADE, CUT), canvas=Canvas(*size, fps))
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    require_valid(info.path, plan.canvas, 107)
    assert check_bodies(info.path, plan) == []
    assert info.encoded_frames == 14


def test_cuts_encode_nothing(make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path) -> None:
    plan = make_plan((40, 40, 40), (CUT, Transition(TransitionKind.FAST_CUTS, 9)))
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    assert (info.copied_frames, info.encoded_frames) == (120, 0)


def test_seeking_anywhere_shows_exactly_that_frame(
    make_plan: Callable[..., FilmPlan], film_planes: FilmPlanes, tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan((45, 45, 45), (CROSSFADE, Transition(TransitionKind.WIPE, 11)))
    film = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir).path
    straight = film_planes(film, plan.canvas, 0, 135)
    for frame in np.random.default_rng(7).permutation(135)[:25]:
        (sought,) = film_planes(film, plan.canvas, int(frame), int(frame) + 1)
        assert all(map(np.array_equal, sought, straight[frame]))


def test_one_changed_scene_encodes_only_its_own_two_windows(
    make_plan: Callable[..., FilmPlan],
    replace_clip: Callable[[FilmPlan, int, int], FilmPlan],
    tmp_path: Path,
    work_dir: Path,
) -> None:
    plan = make_plan((30,) * 7, (CROSSFADE,) * 6)
    cache = DirectorySegmentCache(tmp_path / "cache")
    first = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir, cache=cache)
    assert first.encoded_frames == 6 * 14
    again = compose_film(plan, tmp_path / "again.mp4", work_dir=work_dir, cache=cache)
    assert (again.encoded_frames, again.cached_frames) == (0, 6 * 14)
    assert again.path.read_bytes() == first.path.read_bytes()
    changed = replace_clip(plan, 3, 99)
    info = compose_film(changed, tmp_path / "changed.mp4", work_dir=work_dir, cache=cache)
    assert (info.encoded_frames, info.cached_frames) == (2 * 14, 4 * 14)
    require_valid(info.path, plan.canvas, 210)
    assert check_bodies(info.path, changed) == []


def test_a_clip_without_sync_frames_at_the_borders_is_patched_not_corrupted(
    make_clip: Callable[..., FilmClip], film_planes: FilmPlanes, tmp_path: Path, work_dir: Path, canvas: Canvas
) -> None:
    # Rendered for cuts, used between crossfades: no handles, no sync frames where copying would start.
    plain = tuple(make_clip(look, 70) for look in range(3))
    plan = FilmPlan(canvas, plain, (CROSSFADE, CROSSFADE))
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    require_valid(info.path, canvas, 210)
    assert info.encoded_frames > 2 * 14
    shown = film_planes(info.path, canvas, 70 + 7, 70 + 63)
    made = list(_copies(plain[1], canvas, 7, 63))
    assert len(shown) == len(made) == 56
    assert min(_psnr(a[0], b[0]) for a, b in zip(shown, made, strict=True)) > 34.0


def test_a_clip_of_a_foreign_encoder_setup_is_encoded_again(
    make_clip: Callable[..., FilmClip], film_planes: FilmPlanes, tmp_path: Path, work_dir: Path, canvas: Canvas
) -> None:
    foreign = make_clip(1, 40, settings=EncoderSettings(preset="ultrafast"))
    plan = FilmPlan(canvas, (make_clip(0, 40), foreign), (CUT,))
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    require_valid(info.path, canvas, 80)
    assert (info.copied_frames, info.encoded_frames) == (40, 40)
    shown = film_planes(info.path, canvas, 40, 80)
    assert min(_psnr(a[0], b[0]) for a, b in zip(shown, _copies(foreign, canvas, 0, 40), strict=True)) > 34.0


def test_handles_a_transition_does_not_use_are_skipped(
    make_clip: Callable[..., FilmClip], tmp_path: Path, work_dir: Path, canvas: Canvas
) -> None:
    with_handles = make_clip(1, 40, CROSSFADE, CROSSFADE)
    plan = FilmPlan(canvas, (make_clip(0, 40), with_handles, make_clip(2, 40)), (CUT, CUT))
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    require_valid(info.path, canvas, 120)
    assert info.copied_frames >= 80


def test_a_damaged_clip_is_named_so_that_it_can_be_made_again(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan((30, 30, 30), (CROSSFADE, CROSSFADE))
    damaged = plan.clips[1].path
    damaged.write_bytes(damaged.read_bytes()[:-3000])
    with pytest.raises(UnusableClip) as error:
        compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    assert error.value.clip == 1
    assert not (tmp_path / "film.mp4").exists()


def test_a_clip_of_another_length_than_planned_is_refused(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan((30, 30))
    longer = replace(plan, clips=(plan.clips[0], replace(plan.clips[1], body_frames=31)))
    with pytest.raises(UnusableClip) as error:
        compose_film(longer, tmp_path / "film.mp4", work_dir=work_dir)
    assert error.value.clip == 1


def test_windows_that_would_overlap_are_refused_before_any_work(canvas: Canvas, tmp_path: Path) -> None:
    clips = tuple(FilmClip(tmp_path / "none.mp4", str(n), 10) for n in range(3))
    with pytest.raises(CompositionError, match="clip 2 is too short"):
        FilmPlan(canvas, clips, (CROSSFADE, CROSSFADE))


def test_cancelling_leaves_no_film_and_only_whole_pieces_in_the_cache(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan((30,) * 4, (CROSSFADE,) * 3)
    cache_dir = tmp_path / "cache"
    cache = DirectorySegmentCache(cache_dir)
    asked = itertools.count()
    out = tmp_path / "out" / "film.mp4"
    out.parent.mkdir()
    with pytest.raises(RenderCancelled):
        compose_film(plan, out, work_dir=work_dir, cache=cache, cancelled=lambda: next(asked) > 4 + 14 + 5)
    assert list(out.parent.iterdir()) == []
    assert [*work_dir.glob(".*"), *cache_dir.glob(".*")] == []
    kept = list(cache_dir.iterdir())
    assert len(kept) == 1
    assert len(list(decode_frames(kept[0], 0, 14, 30))) == 14
    resumed = compose_film(plan, out, work_dir=work_dir, cache=cache)
    assert (resumed.encoded_frames, resumed.cached_frames) == (28, 14)


def test_cancelling_while_the_file_is_written_leaves_nothing(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan((60, 60))
    asked = itertools.count()
    out = tmp_path / "out" / "film.mp4"
    out.parent.mkdir()
    with pytest.raises(RenderCancelled):
        compose_film(plan, out, work_dir=work_dir, cancelled=lambda: next(asked) > 60)
    assert list(out.parent.iterdir()) == []


def test_progress_rises_to_one(make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path) -> None:
    heard: list[float] = []
    plan = make_plan((30, 30), (CROSSFADE,))
    compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert 0.0 < heard[0] < 0.2


def test_the_poster_is_the_wanted_frame(
    make_plan: Callable[..., FilmPlan], film_planes: FilmPlanes, tmp_path: Path, work_dir: Path
) -> None:
    plan = replace(make_plan((30, 30)), poster_frame=41)
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    poster = cv2.imread(str(info.poster_path), cv2.IMREAD_GRAYSCALE).astype(np.float64)
    ((y, _, _),) = film_planes(info.path, plan.canvas, 41, 42)
    luma = np.clip((y.astype(np.float64) - 16) * 255 / 219, 0, 255)
    # Grey by BT.601 weights against BT.709 luma: the texture must be that of frame 41, the level near.
    assert np.corrcoef(poster.ravel(), luma.ravel())[0, 1] > 0.98


def _copies(clip: FilmClip, canvas: Canvas, start: int, end: int) -> list[Planes]:
    return [(y.copy(), u.copy(), v.copy()) for y, u, v in decode_frames(clip.path, start, end, canvas.fps)]


def _psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean(np.square(a.astype(np.float64) - b.astype(np.float64)))
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def test_a_damaged_piece_in_the_cache_is_made_again(
    make_plan: Callable[..., FilmPlan], film_planes: FilmPlanes, tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan((30, 30), (CROSSFADE,))
    cache_dir = tmp_path / "cache"
    cache = DirectorySegmentCache(cache_dir)
    first = compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir, cache=cache).path
    for name in [path.name for path in cache_dir.iterdir()]:
        damaged = (cache_dir / name).read_bytes()[:-900]
        (cache_dir / name).unlink()
        (cache_dir / name).write_bytes(damaged)
    info = compose_film(plan, tmp_path / "again.mp4", work_dir=work_dir, cache=cache)
    assert info.encoded_frames == 14
    # Encoded again, so near and not equal: see the defect of x264 that `EncoderSettings` tells of.
    films = [film_planes(path, plan.canvas, 0, 60) for path in (first, info.path)]
    assert min(_psnr(a[0], b[0]) for a, b in zip(*films, strict=True)) > 38
    healed = compose_film(plan, tmp_path / "healed.mp4", work_dir=work_dir, cache=cache)
    assert (healed.encoded_frames, healed.path.read_bytes()) == (0, info.path.read_bytes())


def test_the_damaged_neighbour_is_blamed_for_a_window(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, work_dir: Path
) -> None:
    plan = make_plan((30, 30), (CROSSFADE,))
    path = plan.clips[0].path
    data = bytearray(path.read_bytes())
    media = data.index(b"mdat") + 4
    data[media + (len(data) - media) // 2 :] = bytes(len(data) - media - (len(data) - media) // 2)
    path.write_bytes(data)
    with pytest.raises(UnusableClip) as error:
        compose_film(plan, tmp_path / "film.mp4", work_dir=work_dir)
    assert error.value.clip == 0


def test_the_cache_lets_go_of_what_was_not_used_for_longest(tmp_path: Path) -> None:
    cache = DirectorySegmentCache(tmp_path / "cache", limit_bytes=250)
    piece = tmp_path / "piece"
    piece.write_bytes(bytes(100))
    for age, key in enumerate(("aa", "bb")):
        copy = tmp_path / key
        copy.write_bytes(bytes(100))
        cache.put(key, copy)
        os.utime(tmp_path / "cache" / key, (1000 + age, 1000 + age))
    assert cache.get("aa") is not None
    cache.put("cc", piece)
    assert cache.get("bb") is None
    assert cache.get("aa") is not None
    assert cache.get("cc") is not None
