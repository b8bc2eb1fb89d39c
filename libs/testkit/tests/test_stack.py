"""What a machine offers, and what the fixtures do when it offers nothing."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from adreel_testkit.servers.engine import engine_answers
from adreel_testkit.servers.errors import ServerUnavailableError
from adreel_testkit.servers.stack import Offer, Source, available_stack, is_required
from testcontainers.core.config import testcontainers_config

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


class FakeEngine(BaseHTTPRequestHandler):
    """Answers pings, has one image, can pull a second, and knows no registry that has others."""

    images: ClassVar[set[str]]
    pulled: ClassVar[list[str]]

    def do_GET(self) -> None:
        is_there = self.path == "/_ping" or self.path.removeprefix("/images/").removesuffix("/json") in self.images
        self._answer(200 if is_there else 404)

    def do_POST(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        image = f"{asked['fromImage'][0]}:{asked['tag'][0]}"
        self.pulled.append(image)
        if image == "example.org/rabbitmq:4":
            self.images.add(image)
        self._answer(200 if image in self.images else 500)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[dict[str, str]]:
    """The environment that names a fake engine."""
    FakeEngine.images, FakeEngine.pulled = {"postgres:17"}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeEngine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"DOCKER_HOST": f"tcp://127.0.0.1:{server.server_port}"}
    server.shutdown()
    server.server_close()


def test_what_the_engine_cannot_have_comes_from_the_machine(
    engine: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", False)
    stack = available_stack(engine)
    assert stack.postgres == Offer(Source.CONTAINER, "PostgreSQL: in a container of postgres:17")
    assert Source.CONTAINER not in (stack.rabbitmq.source, stack.s3.source)
    assert len(stack.s3_kinds) == 2
    # The reaper's image cannot be had either, and nothing is asked for twice.
    assert testcontainers_config.ryuk_disabled
    available_stack(engine)
    assert sorted(FakeEngine.pulled) == sorted({*FakeEngine.pulled})


def test_images_are_pulled_where_a_registry_has_them(engine: dict[str, str]) -> None:
    stack = available_stack({**engine, "ADREEL_TEST_RABBITMQ_IMAGE": "example.org/rabbitmq:4"})
    assert stack.rabbitmq.source is Source.CONTAINER
    only = available_stack({**engine, "ADREEL_STACK": "containers"})
    assert (only.postgres.source, only.s3.source) == (Source.CONTAINER, Source.MISSING)


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
