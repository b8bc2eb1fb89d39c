"""The sandbox itself: what a child cannot do, and that the service outlives whatever happens to it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from adreel_assets.adapters.media.decoder_process import DecoderProcess, Ended
from adreel_assets.adapters.media.inspector import SandboxedInspector
from adreel_assets.adapters.media.messages import inspection_from_json
from adreel_assets.domain.errors import AssetCorrupt, AssetTooLarge, InspectionUnavailable
from adreel_assets.domain.inspection import InspectionLimits
from adreel_assets.domain.media_types import AssetType

_BEHIND_WALLS = """
import os, resource, socket, threading, subprocess, sys
from adreel_assets.adapters.media.jail import leave_the_network, wall_in
from adreel_assets.domain.inspection import InspectionLimits
secret, port = sys.argv[1], int(sys.argv[2])
leave_the_network()
wall_in(InspectionLimits(memory_bytes=200_000_000, wall_seconds=20, cpu_seconds=10), os.getppid())
def attempt(name, deed):
    try:
        deed()
    except BaseException as error:
        print(name, "refused", type(error).__name__)
    else:
        print(name, "DONE")
attempt("read", lambda: open(secret).read())
attempt("write", lambda: open(secret + ".new", "w"))
attempt("list", lambda: os.listdir("/"))
attempt("socket", lambda: socket.create_connection(("127.0.0.1", port), 1))
attempt("pipe", os.pipe)
attempt("fork", os.fork)
attempt("thread", lambda: threading.Thread(target=print).start())
attempt("memory", lambda: bytearray(400_000_000))
attempt("more files", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50)))
attempt("become root", lambda: os.setuid(0))
print("uid", os.getuid() != 0)
"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("TOP-SECRET-5c1d")
    path.chmod(0o644)
    return path


async def test_behind_the_walls_nothing_can_be_opened_sent_started_or_grown(secret: Path) -> None:
    arrived = 0

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        arrived += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _BEHIND_WALLS, str(secret), str(port)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    server.close()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    refused = {line.split(" refused ")[0] for line in lines if " refused " in line}
    expected = {"read", "write", "list", "socket", "pipe", "fork", "thread", "memory"}
    if os.geteuid() == 0:
        expected |= {"more files", "become root"}
    assert expected <= refused, done.stdout
    assert "uid True" in lines
    assert "TOP-SECRET" not in done.stdout
    assert arrived == 0


@pytest.mark.parametrize(
    ("deed", "limits", "signal_number"),
    [
        ("while True: pass", "cpu_seconds=1, wall_seconds=30", signal.SIGXCPU),
        ("import time; time.sleep(60)", "wall_seconds=0.5", signal.SIGALRM),
        ("while True: os.write(3, b'x' * 500_000)", "wall_seconds=20", signal.SIGXFSZ),
    ],
)
def test_a_child_that_takes_too_much_is_ended_by_the_kernel(
    deed: str, limits: str, signal_number: int, tmp_path: Path
) -> None:
    code = (
        "import os, signal, time\n"
        "from adreel_assets.adapters.media.jail import wall_in\n"
        "from adreel_assets.domain.inspection import InspectionLimits\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
        f"os.dup2(os.open({str(tmp_path / 'out')!r}, os.O_CREAT | os.O_WRONLY), 3)\n"
        f"wall_in(InspectionLimits({limits}), os.getppid())\n"
        f"{deed}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal_number, done.stderr


async def _inspect(inspector: SandboxedInspector, path: Path, **limits: float) -> object:
    return await inspector.inspect(path, asked_type=None, limits=InspectionLimits(**limits))  # type: ignore[arg-type]


async def test_a_file_that_costs_too_much_time_is_refused_and_the_next_one_is_served(make) -> None:  # type: ignore[no-untyped-def]
    slow = make.slow_gif("slow.gif")
    picture = make.picture("p.png", "PNG")
    async with SandboxedInspector() as inspector:
        with pytest.raises(AssetTooLarge) as refused:
            await _inspect(inspector, slow, wall_seconds=0.3)
        assert refused.value.details == {"reason": "too_costly"}
        assert (await _inspect(inspector, picture)).width == 64


async def test_a_film_longer_than_the_decoding_time_is_sampled_and_taken(make) -> None:  # type: ignore[no-untyped-def]
    film = make.film("long.mp4", seconds=6)
    async with SandboxedInspector() as inspector:
        found = await inspector.inspect(film, asked_type=None, limits=InspectionLimits(decode_seconds=0.005))
    assert found.is_fully_decoded is False
    assert found.duration_seconds == pytest.approx(6.0, abs=0.1)


async def test_memory_is_bounded(make) -> None:  # type: ignore[no-untyped-def]
    picture = make.picture("large.png", "PNG", (6000, 6000))
    async with SandboxedInspector() as inspector:
        with pytest.raises(AssetTooLarge):
            await _inspect(inspector, picture, memory_bytes=40_000_000)
        assert (await _inspect(inspector, picture)).width == 6000


async def test_a_crashed_child_is_a_damaged_file_and_no_more(make, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Stands for a decoder that crashes: the child is ended by a fault while it works."""
    picture = make.picture("p.png", "PNG")
    real_run = DecoderProcess.run

    async def run_and_crash(self, request, file_in, picture_out, wall_seconds):  # type: ignore[no-untyped-def]
        ended = await real_run(self, request, file_in, picture_out, wall_seconds)
        return type(ended)(-signal.SIGSEGV, ended.answer)

    async with SandboxedInspector() as inspector:
        monkeypatch.setattr(DecoderProcess, "run", run_and_crash)
        with pytest.raises(AssetCorrupt):
            await _inspect(inspector, picture)
        monkeypatch.undo()
        assert (await _inspect(inspector, picture)).width == 64


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\n", b"not json\n", b"[]\n", b"{}\n", b'{"inspection": 5}\n', b'{"refused": "/etc/passwd root:x:0:0"}\n',
        b'{"inspection": {"type": "image", "format": "exe"}}\n',
        b'{"inspection": {"type": "audio", "format": "png"}}\n',
        b'{"inspection": {"type": "image", "format": "png", "width": -1}}\n',
        b'{"inspection": {"type": "image", "format": "png", "width": "root:x:0:0"}}\n',
        b'{"inspection": {"type": "video", "format": "mp4", "duration_seconds": 1e99}}\n',
        b'{"inspection": {"type": "video", "format": "mp4", "codecs": ["root:x:0:0"]}}\n', b"\xff\xfe" * 1000,
    ],
)  # fmt: skip
async def test_a_child_that_was_taken_over_can_say_nothing_but_damage(answer, make, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    picture = make.picture("p.png", "PNG")

    class Taken:
        is_alive = True

        async def run(self, *_: object) -> object:
            return Ended(0, answer)

        async def close(self) -> None:
            return None

    async with SandboxedInspector() as inspector:
        monkeypatch.setattr(DecoderProcess, "start", lambda: asyncio.sleep(0, Taken()))
        with pytest.raises(AssetCorrupt) as refused:
            await _inspect(inspector, picture)
    assert "root:x" not in str(refused.value) + str(refused.value.details)


async def test_mime_types_come_from_our_table_not_from_the_child(make, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    found = inspection_from_json(
        {"type": "image", "format": "svg", "content_type": "text/html", "is_inline_safe": True, "width": 3, "height": 4}
    )
    assert (found.content_type, found.is_inline_safe) == ("image/svg+xml", False)


async def test_a_lost_decoder_process_is_replaced(make) -> None:  # type: ignore[no-untyped-def]
    picture = make.picture("p.png", "PNG")
    async with SandboxedInspector() as inspector:
        await _inspect(inspector, picture)
        for seconds_until_asked in (0.0, 0.5):
            os.kill(inspector._process._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
            # Asked again before the event loop can hear of the end, as on a busy machine.
            time.sleep(seconds_until_asked)
            assert (await _inspect(inspector, picture)).width == 64


async def test_a_process_lost_in_the_middle_does_not_lose_the_file(make) -> None:  # type: ignore[no-untyped-def]
    film = make.film("long.mp4", seconds=8, size=(640, 360))
    async with SandboxedInspector() as inspector:
        await inspector.start()
        working = asyncio.create_task(_inspect(inspector, film))
        await asyncio.sleep(0.05)
        os.kill(inspector._process._process.pid, signal.SIGKILL)  # type: ignore[union-attr]
        assert (await working).duration_seconds == pytest.approx(8.0, abs=0.1)


async def test_decoders_that_cannot_be_started_say_nothing_of_the_file(make, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    inspector = SandboxedInspector()
    with pytest.raises(InspectionUnavailable):
        await _inspect(inspector, make.picture("p.png", "PNG"))


async def test_cancelling_ends_the_child_and_frees_the_place(make) -> None:  # type: ignore[no-untyped-def]
    slow, quick = make.slow_gif("slow.gif"), make.picture("p.png", "PNG")
    async with SandboxedInspector(max_parallel=1) as inspector:
        await inspector.start()
        server = inspector._process._process.pid  # type: ignore[union-attr]
        for _ in range(3):
            working = asyncio.create_task(_inspect(inspector, slow))
            await _until(lambda: bool(_children(server)))
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working
            await _until(lambda: not _children(server))
        assert (await _inspect(inspector, quick)).width == 64


async def test_nothing_is_left_behind(make) -> None:  # type: ignore[no-untyped-def]
    picture = make.picture("p.png", "PNG")
    async with SandboxedInspector() as inspector:
        await _inspect(inspector, picture)
        server = inspector._process._process.pid  # type: ignore[union-attr]
        before = len(os.listdir("/proc/self/fd"))
        for number in range(10):
            await _inspect(inspector, picture)
            facts = await inspector.inspect(picture, asked_type=AssetType.IMAGE, limits=InspectionLimits())
            await inspector.thumbnail(picture, facts, make.folder / f"{number}", limits=InspectionLimits())
        assert len(os.listdir("/proc/self/fd")) == before
        assert len(os.listdir(f"/proc/{server}/fd")) < 20
        assert _children(server) == []
    assert not Path(f"/proc/{server}").exists()


_START_AND_WAIT = """
import asyncio
from adreel_assets.adapters.media.inspector import SandboxedInspector
async def main():
    inspector = SandboxedInspector()
    await inspector.start()
    print(inspector._process._process.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def test_a_killed_service_leaves_no_decoder_behind() -> None:
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _START_AND_WAIT, stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    decoder = int(await service.stdout.readline())
    assert Path(f"/proc/{decoder}").exists()
    service.kill()
    await service.wait()
    await _until(lambda: not Path(f"/proc/{decoder}").exists() or _is_zombie(decoder))


def _is_zombie(pid: int) -> bool:
    """Ended, though nobody has collected it: its new parent need not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_files_are_looked_into_side_by_side(make) -> None:  # type: ignore[no-untyped-def]
    picture = make.picture("p.png", "PNG")
    async with SandboxedInspector(max_parallel=3) as inspector:
        found = await asyncio.gather(*(_inspect(inspector, picture) for _ in range(20)))
    assert all(one.width == 64 for one in found)


async def _until(is_so) -> None:  # type: ignore[no-untyped-def]
    give_up_at = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < give_up_at, "it never came to be"
        await asyncio.sleep(0.005)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
