"""The supervisor with real processes: order, crashes, back-off, and what is left when it is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from adreel_embedded.child import ChildSpec, ChildState
from adreel_embedded.errors import ChildStartError
from adreel_embedded.supervisor import Supervisor

Build = Callable[..., ChildSpec]


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def until_gone(*pids: int) -> None:
    async with asyncio.timeout(20):
        while any(is_alive(pid) for pid in pids):
            await asyncio.sleep(0.02)


def noted_pids(notes: Path) -> list[int]:
    return [int(word) for line in notes.read_text().splitlines() if " pids " in line for word in line.split()[2:]]


async def test_start_returns_when_all_are_ready_and_stop_goes_in_reverse(tmp_path: Path, listener: Build) -> None:
    supervisor = Supervisor()
    await supervisor.start([listener("one"), listener("two"), listener("three")])
    assert [child.state for child in supervisor.children] == [ChildState.READY] * 3
    await supervisor.stop()
    endings = [line for line in (tmp_path / "notes").read_text().splitlines() if line.endswith("ends")]
    assert endings == ["three ends", "two ends", "one ends"]
    await until_gone(*noted_pids(tmp_path / "notes"))


async def test_a_crashed_child_is_started_again_on_its_own(listener: Build) -> None:
    async with Supervisor() as supervisor:
        await supervisor.start([listener("one"), listener("two")])
        one, two = supervisor.child("one"), supervisor.child("two")
        pids = one.pid, two.pid
        await one.kill()
        assert one.state is ChildState.BACKING_OFF
        await one.until_ready()
        assert one.pid != pids[0]
        assert two.pid == pids[1]
        assert (one.restarts, one.last_exit_code, two.restarts) == (1, -signal.SIGKILL, 0)


async def test_what_a_killed_child_had_started_goes_with_it(tmp_path: Path, listener: Build) -> None:
    async with Supervisor() as supervisor:
        await supervisor.start([listener("one")])
        before = noted_pids(tmp_path / "notes")
        assert len(before) == 2
        await supervisor.child("one").kill()
        await until_gone(*before)


async def test_a_restart_that_is_asked_for_ends_the_old_process_in_order(tmp_path: Path, listener: Build) -> None:
    async with Supervisor() as supervisor:
        await supervisor.start([listener("one")])
        pid = supervisor.child("one").pid
        await supervisor.child("one").restart()
        assert supervisor.child("one").state is ChildState.READY
        assert supervisor.child("one").pid != pid
        assert "one ends" in (tmp_path / "notes").read_text()


async def test_one_child_can_be_away_and_come_back(listener: Build) -> None:
    async with Supervisor() as supervisor:
        await supervisor.start([listener("one"), listener("two")])
        one = supervisor.child("one")
        await one.stop()
        assert (one.state, one.pid) == (ChildState.STOPPED, None)
        one.start()
        await one.until_ready()
        assert one.state is ChildState.READY


async def test_a_child_that_ignores_sigterm_is_killed_after_the_grace_time(listener: Build) -> None:
    supervisor = Supervisor()
    await supervisor.start([listener("one", mood="stubborn", stop_grace_seconds=0.2)])
    child, pid = supervisor.child("one"), supervisor.child("one").pid
    assert pid is not None
    await supervisor.stop()
    assert child.last_exit_code == -signal.SIGKILL
    await until_gone(pid)


async def test_a_child_that_cannot_start_stops_the_rest_and_its_log_is_quoted(tmp_path: Path, listener: Build) -> None:
    broken = replace(listener("broken"), argv=(sys.executable, "-c", "raise SystemExit('DATABASE_URL is missing')"))
    supervisor = Supervisor()
    with pytest.raises(ChildStartError, match="DATABASE_URL is missing"):
        await supervisor.start([listener("one"), broken])
    assert supervisor.children == ()
    await until_gone(*noted_pids(tmp_path / "notes"))


async def test_a_program_that_does_not_exist_is_an_error_at_once(listener: Build) -> None:
    with pytest.raises(ChildStartError, match="cannot be run"):
        await Supervisor().start([replace(listener("one"), argv=("/nonexistent/program",))])


async def test_a_child_that_never_gets_ready_is_an_error_after_its_time(listener: Build) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(ChildStartError, match=r"not ready after 0\.5 s"):
        await Supervisor().start([replace(listener("one"), is_ready=never, ready_within_seconds=0.5)])


async def test_stop_does_not_wait_for_a_child_that_is_backing_off(listener: Build) -> None:
    async with Supervisor() as supervisor:
        await supervisor.start([listener("one")])
        one = supervisor.child("one")
        for _ in range(4):  # the pause doubles: the next one is 4 s
            await one.kill()
            if _ < 3:
                await one.until_ready()
        async with asyncio.timeout(2):
            await one.stop()


async def test_changes_of_state_are_reported(listener: Build) -> None:
    seen: list[ChildState] = []
    async with Supervisor(on_change=lambda child: seen.append(child.state)) as supervisor:
        await supervisor.start([listener("one")])
    assert seen == [ChildState.STARTING, ChildState.READY, ChildState.STOPPED]


@pytest.mark.parametrize("mood", ["willing", "stubborn"])
async def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path: Path, listener: Build, mood: str) -> None:
    specs = [listener(name, mood=mood) for name in ("one", "two")]
    script = """
import asyncio, json, sys
from pathlib import Path
from adreel_embedded.child import ChildSpec
from adreel_embedded.probes import port_listens
from adreel_embedded.supervisor import Supervisor
async def main():
    specs = [
        ChildSpec(name, tuple(argv), {"PATH": "/usr/bin:/bin"}, Path(log), port_listens(int(argv[3])))
        for name, argv, log in json.loads(sys.argv[1])
    ]
    supervisor = Supervisor(guard_grace_seconds=0.5)
    await supervisor.start(specs)
    print("ready", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    described = json.dumps([(spec.name, spec.argv, str(spec.log)) for spec in specs])
    process = subprocess.Popen([sys.executable, "-c", script, described], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
    pids = noted_pids(tmp_path / "notes")
    everyone = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    assert len(pids) == 4
    assert set(pids) < set(everyone)  # the guard is there as well
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    await until_gone(*everyone)
