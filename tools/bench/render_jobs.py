"""The engine's side of the render benchmarks; each job runs in a process of its own and prints one JSON object.

    python render_jobs.py JOB FOLDER WIDTH HEIGHT SCENES SECONDS ROUNDS

Jobs that compare warm work with warm work measure CPU themselves (all threads of this process); the others
are measured from outside by `render_bench`, start-up included.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from adreel_render.engine.cache import DirectorySegmentCache
from adreel_render.engine.colour import YUV
from adreel_render.engine.composer import FilmInfo, compose_film
from adreel_render.engine.cues import AudioPlan, MusicTrack
from adreel_render.engine.encoder import ClipEncoder, EncoderSettings
from adreel_render.engine.packets import decode_frames
from adreel_render.engine.plan import FilmClip, FilmPlan
from adreel_render.engine.scene import render_scene
from adreel_render.engine.scene_key import scene_key
from adreel_render.engine.seams import held_frames
from adreel_render.engine.spec import Canvas, SceneSpec
from adreel_render.engine.stage import build_stage
from adreel_render.engine.transitions import blend
from adreel_render.engine.yuv import Plane, Planes, planes_of
from render_material import Ad, make_ad

SSIM_EVERY = 10


def scene_against_encoder(ad: Ad, folder: Path, rounds: int) -> dict[str, float]:
    """A whole scene (decode, camera, type, encode) against x264 alone on the very same frames, preset and crf."""
    spec = replace(ad.scenes[1], head_frames=0, tail_frames=0, copy_start=None, copy_end=None)
    stage = build_stage(spec, ad.canvas)
    frames = [YUV(*(plane.copy() for plane in stage.frame(index))) for index in range(spec.frame_count)]
    render_scene(replace(spec, body_frames=5), ad.canvas, folder / "warm.mp4")
    settings, ours, theirs = EncoderSettings(), folder / "scene.mp4", folder / "limit.mp4"

    def encode() -> None:
        with ClipEncoder(folder / "own.mp4", ad.canvas, frame_count=len(frames)) as encoder:
            for frame in frames:
                encoder.write(*frame)

    scenes, limits, encodes = [], [], []
    for _ in range(rounds):
        scenes.append(_cpu(lambda: render_scene(spec, ad.canvas, ours)))
        limits.append(_cpu(lambda: _encode_plainly(frames, ad.canvas.fps, settings, theirs)))
        encodes.append(_cpu(encode))
    scene, limit, encode_only = (statistics.median(rows) for rows in (scenes, limits, encodes))
    seconds = spec.frame_count / ad.canvas.fps
    return {
        "scene": scene / seconds,
        "limit": limit / seconds,
        "ratio": scene / limit,
        "own_ratio": scene / encode_only,
        "overlays": float(len(stage.elements)),
        "scene_ssim": _mean_ssim(ours, frames, ad.canvas.fps),
        "limit_ssim": _mean_ssim(theirs, frames, ad.canvas.fps),
        "scene_bytes": float(ours.stat().st_size),
        "limit_bytes": float(theirs.stat().st_size),
    }


def _encode_plainly(frames: list[YUV], fps: int, settings: EncoderSettings, path: Path) -> None:
    """What anyone gets who asks x264 for this preset, crf, number of threads and distance of sync frames."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        options = {"preset": settings.preset, "crf": str(settings.crf), "g": str(settings.keyframe_frames)}
        stream = container.add_stream("libx264", rate=fps, options=options)
        height, width = frames[0].y.shape
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = settings.thread_count
        picture = av.VideoFrame(width, height, "yuv420p")
        for index, frame in enumerate(frames):
            picture.make_writable()
            for target, source in zip(planes_of(picture), frame, strict=True):
                np.copyto(target, source)
            picture.pts, picture.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def _mean_ssim(path: Path, frames: list[YUV], fps: int) -> float:
    pairs = zip(decode_frames(path, 0, len(frames), fps), frames, strict=True)
    return float(np.mean([_ssim(a[0], b[0]) for index, (a, b) in enumerate(pairs) if index % SSIM_EVERY == 0]))


def prepare_clips(ad: Ad, folder: Path, rounds: int) -> dict[str, float]:
    """Render the clips that the composition jobs join."""
    for scene in ad.scenes:
        render_scene(scene, ad.canvas, _clip_path(folder, scene))
    return {}


def compose(ad: Ad, folder: Path, rounds: int) -> dict[str, float]:
    """Join prepared clips, nothing cached."""
    info = _compose(ad, ad.scenes, folder, folder / "film.mp4", None)
    return {"copied": info.copied_frames, "encoded": info.encoded_frames, "bytes": info.size_bytes}


def whole_ad(ad: Ad, folder: Path, rounds: int) -> dict[str, float]:
    """Scenes and film, nothing cached."""
    prepare_clips(ad, folder, rounds)
    return compose(ad, folder, rounds)


def rerender(ad: Ad, folder: Path, rounds: int) -> dict[str, float]:
    """A cold ad, then one scene changed, then nothing changed: one warm process."""
    full, one, none = [], [], []
    for number in range(rounds):
        cache = DirectorySegmentCache(folder / f"segments-{number}")
        # Another seed each round: nothing of an earlier round is in any cache of the system under test.
        scenes = tuple(replace(scene, seed=100 + number) for scene in ad.scenes)
        full.append(_cpu(lambda s=scenes, c=cache: _render_and_compose(ad, s, s, folder, c)))
        middle = len(scenes) // 2
        edited = replace(scenes[middle], script="A sentence that the client wanted changed.", seed=900 + number)
        changed = (*scenes[:middle], edited, *scenes[middle + 1 :])
        one.append(_cpu(lambda s=changed, e=edited, c=cache: _render_and_compose(ad, s, (e,), folder, c)))
        none.append(_cpu(lambda s=changed, c=cache: _render_and_compose(ad, s, (), folder, c)))
    total = statistics.median(full)
    return {
        "full": total,
        "one": statistics.median(one),
        "one_ratio": statistics.median(a / b for a, b in zip(one, full, strict=True)),
        "none": statistics.median(none),
        "none_ratio": statistics.median(a / b for a, b in zip(none, full, strict=True)),
    }


def quality(ad: Ad, folder: Path, rounds: int) -> dict[str, float]:
    """Mean SSIM of the luma of `film.mp4` and `xfade.mp4` against the film that no second encode has touched."""
    plan = _plan(ad, ad.scenes, folder)
    result = {}
    for name in ("film", "xfade"):
        path = folder / f"{name}.mp4"
        if path.exists():
            made = decode_frames(path, 0, plan.frame_count, ad.canvas.fps)
            pairs = zip(made, _ideal(plan), strict=True)
            values = [_ssim(a[0], b[0]) for index, (a, b) in enumerate(pairs) if index % SSIM_EVERY == 0]
            result[name] = float(np.mean(values))
    return result


def _ideal(plan: FilmPlan) -> Iterator[Planes]:
    """The film's pictures straight from the clips, windows blended but never encoded."""
    fps = plan.canvas.fps
    for number, clip in enumerate(plan.clips):
        if window := plan.window_before(number):
            frames = window.transition.frames
            a = plan.clips[number - 1]
            end = a.frame_count
            pairs = zip(held_frames(a, end - frames, end, fps), held_frames(clip, 0, frames, fps), strict=True)
            for index, (one, other) in enumerate(pairs):
                yield blend(window.transition.kind, one, other, index, frames)
        start, stop = (clip.head_frames + frame for frame in plan.copied_body(number))
        yield from decode_frames(clip.path, start, stop, fps)


def _ssim(a: Plane, b: Plane) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian window of 11 samples, sigma 1.5."""
    x, y = a.astype(np.float32), b.astype(np.float32)

    def local(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean_x, mean_y = local(x), local(y)
    variance_x, variance_y = local(x * x) - mean_x**2, local(y * y) - mean_y**2
    covariance = local(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    numerator = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return float((numerator / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))).mean())


def _render_and_compose(
    ad: Ad, scenes: tuple[SceneSpec, ...], to_render: tuple[SceneSpec, ...], folder: Path, cache: DirectorySegmentCache
) -> FilmInfo:
    for scene in to_render:
        render_scene(scene, ad.canvas, _clip_path(folder, scene))
    return _compose(ad, scenes, folder, folder / "ad.mp4", cache)


def _compose(
    ad: Ad, scenes: tuple[SceneSpec, ...], folder: Path, out_path: Path, cache: DirectorySegmentCache | None
) -> FilmInfo:
    work_dir = folder / "work"
    work_dir.mkdir(exist_ok=True)
    return compose_film(_plan(ad, scenes, folder), out_path, work_dir=work_dir, cache=cache)


def _plan(ad: Ad, scenes: tuple[SceneSpec, ...], folder: Path) -> FilmPlan:
    clips = tuple(
        FilmClip(_clip_path(folder, s), scene_key(s, ad.canvas), s.body_frames, s.head_frames, s.tail_frames)
        for s in scenes
    )
    return FilmPlan(ad.canvas, clips, ad.transitions, audio=AudioPlan(music=MusicTrack(ad.music, ad.music.name)))


def _clip_path(folder: Path, scene: SceneSpec) -> Path:
    return folder / f"scene-{scene.number}-{scene.seed}.mp4"


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


JOBS: dict[str, Callable[[Ad, Path, int], dict[str, float]]] = {
    job.__name__: job for job in (scene_against_encoder, prepare_clips, compose, whole_ad, rerender, quality)
}


def main() -> None:
    """Run the job named on the command line."""
    job, folder, width, height, scenes, seconds, rounds = sys.argv[1:]
    cv2.setNumThreads(1)
    ad = make_ad(Path(folder), Canvas(int(width), int(height), 30), int(scenes), float(seconds))
    if job == "material":
        result: dict[str, float] = {}
    else:
        result = JOBS[job](ad, Path(folder), int(rounds))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
