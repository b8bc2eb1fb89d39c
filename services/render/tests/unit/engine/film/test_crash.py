"""A process that dies in the middle of a film leaves a cache that holds whole pieces only."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from adreel_render.engine.cache import DirectorySegmentCache
from adreel_render.engine.composer import compose_film
from adreel_render.engine.cues import AudioPlan, MusicBed
from adreel_render.engine.packets import decode_frames
from adreel_render.engine.plan import FilmPlan
from adreel_render.engine.transitions import Transition, TransitionKind
from adreel_render.engine.verify import require_valid

CRASHING = """
import itertools, os, pickle, sys
from pathlib import Path
from adreel_render.engine.cache import DirectorySegmentCache
from adreel_render.engine.composer import compose_film

folder, dies_at = Path(sys.argv[1]), int(sys.argv[2])
asked = itertools.count()
def cancelled():
    if next(asked) == dies_at:
        os._exit(41)  # no clean-up of any kind, as when the kernel kills it
    return False
plan = pickle.loads((folder / "plan").read_bytes())
compose_film(plan, folder / "film.mp4", work_dir=folder, cache=DirectorySegmentCache(folder / "cache"),
             cancelled=cancelled)
"""


@pytest.mark.parametrize("dies_at", [3 + 7, 3 + 12 + 5, 3 + 2 * 12 + 20])
def test_a_killed_process_leaves_whole_pieces_and_no_film(
    make_plan: Callable[..., FilmPlan], tmp_path: Path, dies_at: int
) -> None:
    fade = Transition(TransitionKind.CROSSFADE, 12)
    plan = make_plan((30, 30, 30), (fade, fade), audio=AudioPlan(music=MusicBed("calm", 1)))
    (tmp_path / "plan").write_bytes(pickle.dumps(plan))
    died = subprocess.run([sys.executable, "-c", CRASHING, str(tmp_path), str(dies_at)], check=False)
    assert died.returncode == 41
    assert not (tmp_path / "film.mp4").exists()
    kept = [path for path in (tmp_path / "cache").iterdir() if not path.name.startswith(".")]
    windows = [path for path in kept if _is_window(path)]
    assert len(windows) == min(2, (dies_at - 3) // 12)
    cache = DirectorySegmentCache(tmp_path / "cache")
    info = compose_film(plan, tmp_path / "film.mp4", work_dir=tmp_path, cache=cache)
    assert info.cached_frames == 12 * len(windows)
    require_valid(info.path, plan.canvas, 90)


def _is_window(path: Path) -> bool:
    if b"mp4a" in path.read_bytes():
        return False
    assert len(list(decode_frames(path, 0, 12, 30))) == 12
    return True
