"""What a machine offers, and what the fixtures do when it offers nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from adreel_testkit.servers.engine import engine_answers
from adreel_testkit.servers.errors import ServerUnavailableError
from adreel_testkit.servers.stack import Source, available_stack, is_required

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/engine.sock"}

USES_ALL = """
async def test_postgres(postgres_server):
    assert await postgres_server.answers()

async def test_postgres_again(postgres_server):
    assert (await postgres_server.create_database("again")).startswith("postgresql://")

async def test_rabbitmq(rabbitmq_server):
    assert await rabbitmq_server.answers()

def test_s3(s3_server):
    assert s3_server.endpoint.startswith("http://")
"""


def run_pytest(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (directory / "test_it.py").write_text(USES_ALL)
    (directory / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "adreel_testkit.pytest_plugin", "-rsf", "-q", "-p", "no:cacheprovider"],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_an_engine_the_installed_programs_are_offered() -> None:
    stack = available_stack({**NO_ENGINE})
    assert Source.CONTAINER not in (stack.postgres.source, stack.rabbitmq.source, stack.s3.source)
    assert stack.postgres.source is Source.NATIVE  # the wheel serves where nothing is installed
    assert len(stack.s3_kinds) == 2


def test_what_cannot_be_had_says_why_in_one_line() -> None:
    stack = available_stack({**NO_ENGINE, "ADREEL_STACK": "containers"})
    assert {offer.source for offer in (stack.postgres, stack.rabbitmq, stack.s3)} == {Source.MISSING}
    assert all("cannot be had" in line and "\n" not in line for line in stack.lines)
    with pytest.raises(ServerUnavailableError, match="no container engine answers"):
        stack.open_rabbitmq()


def test_a_stack_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="ADREEL_STACK"):
        available_stack({"ADREEL_STACK": "moon"})


def test_an_engine_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    assert not engine_answers({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert not engine_answers({"DOCKER_HOST": "tcp://127.0.0.1:1"})


@pytest.mark.parametrize(("value", "required"), [("1", True), ("true", True), ("", False), ("0", False)])
def test_the_stack_is_required_only_when_asked(value: str, required: bool) -> None:
    assert is_required({"ADREEL_REQUIRE_STACK": value}) is required


def test_missing_servers_skip_and_say_why(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, **NO_ENGINE, ADREEL_STACK="containers", ADREEL_REQUIRE_STACK="")
    assert "4 skipped" in result.stdout
    assert "RabbitMQ: cannot be had" in result.stdout


def test_missing_servers_fail_where_the_stack_is_required(tmp_path: Path) -> None:
    result = run_pytest(tmp_path, **NO_ENGINE, ADREEL_STACK="containers", ADREEL_REQUIRE_STACK="1")
    assert result.returncode == 1
    assert "4 errors" in result.stdout


@pytest.mark.connected
def test_the_fixtures_serve_a_whole_session(
    tmp_path: Path,
) -> None:
    stack = available_stack()
    result = run_pytest(tmp_path, ADREEL_REQUIRE_STACK="")
    offered = [stack.postgres, stack.postgres, stack.rabbitmq]
    expected = sum(offer.source is not Source.MISSING for offer in offered) + len(stack.s3_kinds)
    assert f"{expected} passed" in result.stdout, result.stdout
