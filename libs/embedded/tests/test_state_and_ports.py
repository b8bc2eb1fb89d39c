"""Where an installation keeps its data, and how it comes by ports."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from adreel_embedded.errors import NoFreePortError, StateDirectoryError
from adreel_embedded.log_files import log_tail, open_log
from adreel_embedded.ports import PortReservations, is_free
from adreel_embedded.state import StateDirectory, find_checkout, find_state_directory, socket_directory


def test_a_named_home_wins(tmp_path: Path) -> None:
    assert find_state_directory({"ADREEL_HOME": str(tmp_path / "here")}).root == tmp_path / "here"


def test_a_checkout_keeps_its_state_inside_itself() -> None:
    checkout = find_checkout()
    assert checkout is not None
    assert find_state_directory({}).root == checkout / ".adreel"


def test_two_installations_have_different_keys_and_databases(tmp_path: Path) -> None:
    one, two = StateDirectory(tmp_path / "one"), StateDirectory(tmp_path / "two")
    assert one.key != two.key
    assert one.postgres != two.postgres
    assert StateDirectory(tmp_path / "one").key == one.key


def test_the_state_directory_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "state").create()
    assert state.root.stat().st_mode & 0o077 == 0
    assert state.logs.is_dir()


def test_a_state_directory_that_cannot_be_made_says_which_variable_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StateDirectoryError, match="ADREEL_HOME"):
        StateDirectory(tmp_path / "file" / "state").create()


def test_a_socket_path_never_gets_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    assert socket_directory(Path("/short/run"), 0) == Path("/short/run")
    assert len(os.fsencode(socket_directory(deep, 0))) + len("/.s.PGSQL.65535") < 100
    assert socket_directory(deep, 0) != socket_directory(deep / "other", 0)


def test_ports_are_distinct_and_free() -> None:
    with PortReservations() as ports:
        taken = [ports.reserve() for _ in range(50)]
        assert len(set(taken)) == 50
        assert all(is_free(port) for port in taken)


def test_a_port_that_is_in_use_is_not_given_out() -> None:
    with PortReservations() as ports, socket.create_server(("127.0.0.1", 0)) as server:
        used = server.getsockname()[1]
        assert not is_free(used)
        assert ports.reserve(used) != used
        with pytest.raises(NoFreePortError, match=str(used)):
            ports.reserve_exactly(used)


def test_a_port_that_another_process_has_reserved_is_not_given_out() -> None:
    script = """
import sys
from adreel_embedded.ports import PortReservations
ports = PortReservations()
print(ports.reserve(), flush=True)
sys.stdin.read()
"""
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdin is not None
    assert other.stdout is not None
    reserved = int(other.stdout.readline())
    with PortReservations() as ports:
        assert ports.reserve(reserved) != reserved
        other.kill()
        other.wait()
        assert ports.reserve(reserved) == reserved


def test_a_log_is_turned_over_when_it_has_grown_and_its_tail_can_be_quoted(tmp_path: Path) -> None:
    path = tmp_path / "service.log"
    with path.open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    with open_log(path) as log:
        log.write(b"one\ntwo\nthree\n")
    assert (tmp_path / "service.log.1").stat().st_size == 11 * 1024 * 1024
    assert log_tail(path, most_lines=2) == "two\nthree"
    assert log_tail(path, from_byte=8) == "three"
    assert log_tail(tmp_path / "none.log") == ""
