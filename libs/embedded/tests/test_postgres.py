"""The embedded server, run for real: cold and warm starts, crashes, strangers with its pid, two starters at once."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from adreel_embedded.account import ServerAccount
from adreel_embedded.databases import ensure_databases
from adreel_embedded.errors import PostgresStartError
from adreel_embedded.postgres import EmbeddedPostgres
from adreel_embedded.postgres_binaries import runnable_by, wheel_binaries

pytestmark = pytest.mark.connected


@pytest.fixture
async def server(public_directory: Path) -> AsyncIterator[EmbeddedPostgres]:
    async with EmbeddedPostgres(public_directory / "server") as started:
        yield started


async def fetch(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(20):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)


async def test_it_serves_over_tcp_and_over_its_socket(server: EmbeddedPostgres) -> None:
    assert await fetch(server.dsn(), "SELECT 1") == 1
    assert await fetch(server.socket_dsn(), "SELECT 1") == 1
    assert await fetch(server.dsn(), "SHOW listen_addresses") == "127.0.0.1"
    assert await fetch(server.dsn(), "SHOW synchronous_commit") == "on"


async def test_it_never_runs_as_root(server: EmbeddedPostgres) -> None:
    assert psutil.Process(server.pid).uids().effective != 0


async def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres) -> None:
    for dsn in (server.dsn(password="wrong"), server.socket_dsn().replace(server.password, "wrong")):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(dsn)


async def test_a_second_start_keeps_data_port_and_password(public_directory: Path) -> None:
    first = EmbeddedPostgres(public_directory / "server")
    async with first:
        await execute(first.dsn(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
        dsn = first.dsn()
    async with EmbeddedPostgres(public_directory / "server") as second:
        assert second.dsn() == dsn
        assert await fetch(dsn, "SELECT n FROM kept") == 7


async def test_what_was_committed_survives_kill_9(server: EmbeddedPostgres) -> None:
    await execute(server.dsn(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    dsn, pid = server.dsn(), server.pid
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    assert not server.is_running()
    await server.start()
    assert server.pid != pid
    assert await fetch(dsn, "SELECT n FROM kept") == 7


async def test_kept_running_it_comes_back_on_the_same_address(server: EmbeddedPostgres) -> None:
    keeper = asyncio.create_task(server.keep_running(check_every_seconds=0.02))
    pid = server.pid
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                if await fetch(server.dsn(), "SELECT 1") == 1 and server.pid != pid:
                    break
            await asyncio.sleep(0.05)
    keeper.cancel()


async def test_a_running_server_is_adopted_and_left_alone_by_who_adopted_it(public_directory: Path) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
from adreel_embedded.postgres import EmbeddedPostgres
async def main():
    async with EmbeddedPostgres(Path({str(public_directory / "server")!r})) as server:
        print(server.pid, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""
    starter = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert starter.stdin is not None
    assert starter.stdout is not None
    pid = int(await asyncio.to_thread(starter.stdout.readline))
    async with EmbeddedPostgres(public_directory / "server") as adopted:
        assert (adopted.pid, adopted.is_owner) == (pid, False)
    assert psutil.pid_exists(pid)
    starter.stdin.close()
    await asyncio.to_thread(starter.wait)
    assert not psutil.pid_exists(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start takes the server over")
async def test_the_server_ends_when_its_starter_is_killed(public_directory: Path) -> None:
    script = f"""
import asyncio
from pathlib import Path
from adreel_embedded.postgres import EmbeddedPostgres
async def main():
    server = EmbeddedPostgres(Path({str(public_directory / "server")!r}))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    pid = int(await asyncio.to_thread(starter.stdout.readline))
    starter.kill()
    await until_gone(pid)
    async with EmbeddedPostgres(public_directory / "server") as next_one:
        assert await fetch(next_one.dsn(), "SELECT 1") == 1


async def test_a_server_whose_starter_is_gone_is_taken_over_and_stopped(public_directory: Path) -> None:
    directory = public_directory / "server"
    first = EmbeddedPostgres(directory)
    await first.start()
    (directory / "owner").write_text(json.dumps({"pid": 2**22 + 1, "started": 0}))
    async with EmbeddedPostgres(directory) as second:
        assert second.is_owner
        pid = second.pid
    assert not first.is_running()
    await until_gone(pid)


async def test_two_starts_at_once_share_one_server(public_directory: Path) -> None:
    servers = [EmbeddedPostgres(public_directory / "server") for _ in range(3)]
    await asyncio.gather(*(server.start() for server in servers))
    assert len({server.pid for server in servers}) == 1
    assert all([await fetch(server.dsn(), "SELECT 1") == 1 for server in servers])
    for server in servers:
        await server.stop()
    assert not any(server.is_running() for server in servers)


async def test_a_stranger_with_the_dead_servers_pid_is_not_taken_for_it(public_directory: Path) -> None:
    server = EmbeddedPostgres(public_directory / "server")
    await server.start()
    pid, data = server.pid, public_directory / "server" / f"pg{await major(server)}"
    lines = (data / "postmaster.pid").read_text().splitlines()
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    await asyncio.sleep(0.5)  # its backends notice within moments that it is gone
    stranger = subprocess.Popen(
        ["sleep", "600"],
        **({"user": "nobody", "cwd": "/"} if os.geteuid() == 0 else {}),
    )
    try:
        (data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        await server.start()
        assert await fetch(server.dsn(), "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        await server.stop()
        stranger.kill()
        stranger.wait()


async def major(server: EmbeddedPostgres) -> int:
    number = await fetch(server.dsn(), "SHOW server_version_num")
    return int(str(number)) // 10_000


async def test_a_port_that_was_taken_meanwhile_is_replaced(public_directory: Path) -> None:
    async with EmbeddedPostgres(public_directory / "server") as first:
        port = first.port
    squatter = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with squatter, EmbeddedPostgres(public_directory / "server") as second:
        assert second.port != port
        assert await fetch(second.dsn(), "SELECT 1") == 1


async def test_an_initdb_that_was_cut_short_is_done_again(public_directory: Path) -> None:
    half_done = public_directory / "server" / "pg18.new"
    half_done.mkdir(parents=True)
    (half_done / "PG_VERSION").write_text("18")
    async with EmbeddedPostgres(public_directory / "server") as server:
        assert await fetch(server.dsn(), "SELECT 1") == 1


async def test_a_start_that_cannot_succeed_quotes_the_log(public_directory: Path) -> None:
    server = EmbeddedPostgres(public_directory / "server", settings={"max_connections": "many"})
    with pytest.raises(PostgresStartError, match="max_connections"):
        await server.start()


class AccountThatCannotReadTheWheel(ServerAccount):
    """As `nobody` is when the virtual environment lies below `/root`."""

    def can_read_tree(self, directory: Path) -> bool:
        return False


async def test_programs_that_the_account_cannot_read_are_copied_once_and_run(public_directory: Path) -> None:
    account = AccountThatCannotReadTheWheel(65534, 65534, is_switched=True)
    copies = public_directory / "copies"
    copy, again = (runnable_by(account, wheel_binaries(), copies) for _ in range(2))
    assert copy == again
    assert copies in copy.directory.parents
    assert len(list(copies.iterdir())) == 1
    async with EmbeddedPostgres(public_directory / "server", binaries=copy) as server:
        assert psutil.Process(server.pid).exe().startswith(str(copies))
        assert await fetch(server.dsn(), "SELECT 1") == 1


async def test_each_role_owns_its_database_and_enters_no_other(server: EmbeddedPostgres) -> None:
    dsns = await ensure_databases(server, ["jobs", "bus"])
    await execute(dsns["jobs"], "CREATE TABLE mine (n int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(dsns["jobs"].rsplit("/", 1)[0] + "/bus")


async def test_making_databases_again_or_twice_at_once_changes_nothing(server: EmbeddedPostgres) -> None:
    first, second = await asyncio.gather(ensure_databases(server, ["jobs"]), ensure_databases(server, ["jobs", "bus"]))
    await execute(first["jobs"], "CREATE TABLE kept (n int)")
    assert await ensure_databases(server, ["jobs", "bus"]) == second
    assert await fetch(second["jobs"], "SELECT count(*) FROM kept") == 0


async def test_a_name_that_could_break_out_of_the_statement_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        await ensure_databases(server, ['x"; DROP DATABASE jobs; --'])
