"""What the demo shows: a live screen on a terminal, plain lines elsewhere (a log, a pipe, a build machine)."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from adreel_embedded.demo.api import Answer

_PLAIN_STEP_PERCENT = 10.0  # without a terminal: one line for each tenth


@dataclass
class Screen:
    """Prints to one console and remembers how long each step took."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    timings: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A step of the demo with its time."""
        self.console.print(f"\n[bold]{escape(title)}[/bold]")
        began = time.monotonic()
        yield
        self.timings[title] = time.monotonic() - began

    def line(self, text: str) -> None:
        self.console.print(f"  {escape(text)}")

    def storyboard(self, scenes: list[Answer], asset_names: Mapping[str, str]) -> None:
        """All scenes: number, length, shot, transition, script, the assets by name."""
        rows = [
            (
                str(scene["sceneNumber"]),
                f"{scene['duration']:.1f} s",
                scene["shotType"],
                scene["transition"],
                scene["script"],
                ", ".join(asset_names.get(asset, asset) for asset in scene["assets"]),
            )
            for scene in scenes
        ]
        if not self.console.is_terminal:
            for number, length, shot, transition, script, assets in rows:
                self.line(f"{number}. {length}, {shot}, {transition}: {script} [{assets}]")
            return
        table = Table(expand=True)
        for heading in ("#", "length", "shot", "transition"):
            table.add_column(heading, no_wrap=True)
        table.add_column("script", ratio=3)
        table.add_column("assets", ratio=2)
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self.console.print(table, soft_wrap=False)

    def before_and_after(self, before: Answer, after: Answer) -> None:
        """One scene as it was and as it is."""
        for name in ("script", "description", "shotType", "generator"):
            if before[name] == after[name]:
                self.line(f"{name}: {after[name]} (as before)")
            else:
                self.console.print(f"  [red]- {escape(name)}: {escape(before[name])}[/red]")
                self.console.print(f"  [green]+ {escape(name)}: {escape(after[name])}[/green]")

    @contextlib.contextmanager
    def progress(self) -> Iterator["ProgressLine"]:
        """A line that shows how far the work is."""
        if not self.console.is_terminal:
            yield PlainProgress(self)
            return
        columns = (
            TextColumn("  {task.description:<24}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>5.1f} %"),
            TextColumn("{task.fields[left]:<14}"),
        )
        with Progress(*columns, console=self.console, expand=True) as bar:
            yield LiveProgress(bar, bar.add_task("waiting", total=100.0, left=""))


class ProgressLine:
    """Shows one progress report after the other."""

    def show(self, progress: Answer) -> None:
        raise NotImplementedError


@dataclass
class LiveProgress(ProgressLine):
    """A bar that moves."""

    bar: Progress
    task: TaskID

    def show(self, progress: Answer) -> None:
        phase = _phase(progress)
        left = _left(progress)
        self.bar.update(self.task, completed=progress["percent"], description=phase, left=left)


@dataclass
class PlainProgress(ProgressLine):
    """A line for each tenth and each phase."""

    screen: Screen
    shown_percent: float = -_PLAIN_STEP_PERCENT
    shown_phase: str = ""

    def show(self, progress: Answer) -> None:
        percent, phase = float(progress["percent"]), _phase(progress)
        if phase == self.shown_phase and percent < self.shown_percent + _PLAIN_STEP_PERCENT and percent < 100:
            return
        if (percent, phase) == (self.shown_percent, self.shown_phase):
            return
        self.shown_percent, self.shown_phase = percent, phase
        self.screen.line(f"{percent:5.1f} %  {phase:<24} {_left(progress)}".rstrip())


def _phase(progress: Answer) -> str:
    phase = (progress.get("phase") or "waiting").replace("_", " ")
    total = progress.get("scenesTotal") or 0
    return f"{phase} {progress['scenesDone']}/{total}" if total and "scene" in phase else phase


def _left(progress: Answer) -> str:
    seconds = progress.get("etaSeconds")
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} left"
