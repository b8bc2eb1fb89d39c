"""Measures the render engine against its limits and against others, and prints one table.

    python tools/bench/render_bench.py [--quick] [--rounds N] [--rivals PYTHON]

What counts is CPU seconds of whole process trees, as ratios within one run, contenders taking turns: seconds of
one machine say little about another, and wall time little about a busy one. `--rivals` (or
`ADREEL_BENCH_PYTHON`) names the Python of an environment with `tools/bench/requirements.txt`, as
`tools/bench/contenders.sh` makes it and `make bench` uses it; without it the comparisons with ffmpeg and moviepy are
left out, and the table says so. It needs about 4 GB of disk.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Measured:
    """One finished job: its whole process tree's CPU, its wall time, its largest process."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    answer: dict[str, float]


@dataclass(frozen=True)
class Row:
    """A line of the table. `goal` is what the design set, empty where nothing was."""

    what: str
    value: str
    goal: str
    remark: str = ""


@dataclass(frozen=True)
class Bench:
    """Where and how large: shared by all jobs."""

    folder: Path
    width_px: int
    height_px: int
    rounds: int
    rivals: str | None

    def engine(self, job: str, scenes: int, seconds: float) -> Measured:
        """A job of `render_jobs` in a fresh process."""
        size = (str(self.width_px), str(self.height_px))
        script = str(HERE / "render_jobs.py")
        return _run([sys.executable, script, job, str(self.folder), *size, str(scenes), str(seconds), str(self.rounds)])

    def rival(self, name: str, scenes: int, seconds: float) -> Measured:
        """A contender of `render_rivals` in a fresh process."""
        assert self.rivals is not None
        size = (str(self.width_px), str(self.height_px))
        script = str(HERE / "render_rivals.py")
        return _run([self.rivals, script, name, str(self.folder), *size, str(scenes), str(seconds)])


def _run(command: list[str]) -> Measured:
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed with {process.returncode}")
    return Measured(
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        wall_seconds=time.monotonic() - started,
        peak_mib=usage.ru_maxrss / 1024,
        answer=json.loads(output.splitlines()[-1]) if output.strip() else {},
    )


def scene_row(bench: Bench, seconds: float) -> list[Row]:
    done = bench.engine("scene_against_encoder", 3, seconds)
    answer = done.answer
    per_second = f"{answer['scene']:.2f} against {answer['limit']:.2f} CPU s per s, {answer['overlays']:.0f} overlays"
    megabytes = f"{answer['scene_bytes'] / 1e6:.2f} against {answer['limit_bytes'] / 1e6:.2f} MB"
    return [
        Row("scene / x264 alone, same frames and preset", f"{answer['ratio']:.2f}", "<= 1.15", per_second),
        Row(
            "  SSIM against x264 alone's", f"{answer['scene_ssim'] - answer['limit_ssim']:+.4f}", ">= -0.005", megabytes
        ),
        Row("  scene / our own encoder alone", f"{answer['own_ratio']:.2f}", "", "what drawing adds"),
    ]


def composition_rows(bench: Bench, scenes: int, seconds: float) -> list[Row]:
    prepared = bench.engine("prepare_clips", scenes, seconds)
    rows = [Row("scene worker, peak memory", f"{prepared.peak_mib:.0f} MiB", "<= 350")]
    ours, theirs = [], []
    for _ in range(bench.rounds):
        ours.append(bench.engine("compose", scenes, seconds))
        if bench.rivals:
            theirs.append(bench.rival("xfade", scenes, seconds))
    cpu = statistics.median(m.cpu_seconds for m in ours)
    copied = ours[-1].answer["copied"] / (ours[-1].answer["copied"] + ours[-1].answer["encoded"])
    remark = f"{cpu:.1f} CPU s, {copied:.0%} of frames copied"
    rows.append(Row("composition, peak memory", f"{max(m.peak_mib for m in ours):.0f} MiB", "<= 350", remark))
    if theirs:
        other = statistics.median(m.cpu_seconds for m in theirs)
        rows.append(
            Row("ffmpeg xfade / composition", f"{other / cpu:.1f}", ">= 5", f"{other:.1f} against {cpu:.1f} CPU s")
        )
        ssim = bench.engine("quality", scenes, seconds).answer
        complaints = bench.rival("second_decoder", scenes, seconds).answer["complaints"]
        rows.append(Row("second decoder's complaints", f"{complaints}", "0"))
        rows.append(Row("SSIM of composition", f"{ssim['film']:.4f}", ">= xfade's", f"xfade {ssim['xfade']:.4f}"))
    return rows


def whole_ad_rows(bench: Bench, scenes: int, seconds: float) -> list[Row]:
    ours = bench.engine("whole_ad", scenes, seconds)
    if not bench.rivals:
        return [Row("whole ad", f"{ours.cpu_seconds:.1f} CPU s", "", "no environment with moviepy was named")]
    theirs = bench.rival("moviepy_ad", scenes, seconds)
    ratio = theirs.cpu_seconds / ours.cpu_seconds
    remark = f"{theirs.cpu_seconds:.0f} against {ours.cpu_seconds:.0f} CPU s; peak {theirs.peak_mib:.0f} MiB"
    wall = f"wall {theirs.wall_seconds:.0f} against {ours.wall_seconds:.0f} s"
    return [Row(f"moviepy 2 / whole ad of {scenes * seconds:.0f} s", f"{ratio:.1f}", ">= 8", f"{remark}; {wall}")]


def rerender_rows(bench: Bench, scenes: int, seconds: float) -> list[Row]:
    answer = bench.engine("rerender", scenes, seconds).answer
    return [
        Row(f"1 of {scenes} scenes changed / all", f"{answer['one_ratio']:.3f}", "<= 0.20",
            f"{answer['one']:.1f} of {answer['full']:.1f} CPU s"),
        Row("nothing changed / all", f"{answer['none_ratio']:.3f}", "<= 0.03", f"{answer['none']:.2f} CPU s"),
    ]  # fmt: skip


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="720p, short scenes, one round: a smoke test, no figures")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rivals", default=os.environ.get("ADREEL_BENCH_PYTHON"))
    parser.add_argument("--only", choices=["scene", "composition", "ad", "rerender"], action="append")
    parser.add_argument("--ad-scene-seconds", type=float, help="shorter scenes for the comparison with moviepy")
    options = parser.parse_args()
    size = (1280, 720) if options.quick else (1920, 1080)
    seconds = (2.0, 2.0, 2.0) if options.quick else (6.0, 5.6, 4.0)
    ad_seconds = options.ad_scene_seconds or seconds[1]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="render-bench-") as name:
        bench = Bench(Path(name), *size, 1 if options.quick else options.rounds, options.rivals)
        steps = {
            "scene": lambda: scene_row(bench, seconds[0]),
            "composition": lambda: composition_rows(bench, 5, seconds[0]),
            "ad": lambda: whole_ad_rows(bench, 5, ad_seconds),
            "rerender": lambda: rerender_rows(bench, 7, seconds[2]),
        }
        # Nobody's figures should contain the drawing of the pictures they work on.
        for scenes, length in ((7, seconds[2]), (5, seconds[0]), (5, ad_seconds)):
            bench.engine("material", scenes, length)
        for step in options.only or steps:
            rows += steps[step]()
    print_table(rows)


def print_table(rows: list[Row]) -> None:
    """The rows in columns."""
    widths = [max(len(getattr(row, field)) for row in rows) for field in ("what", "value", "goal")]
    for row in rows:
        print(f"{row.what:<{widths[0]}}  {row.value:>{widths[1]}}  {row.goal:<{widths[2]}}  {row.remark}")


if __name__ == "__main__":
    main()
