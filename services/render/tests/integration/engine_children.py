"""The engine children that a process has started, seen from outside."""

import os

import psutil


def engine_children(of: int | None = None) -> list[psutil.Process]:
    """Those of process `of`, else of this one. Not its children's: a stack of other tests may run below this one."""
    return [child for child in psutil.Process(of or os.getpid()).children() if _is_engine(child)]


def _is_engine(process: psutil.Process) -> bool:
    try:
        return "adreel_render.adapters.engine_child" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
