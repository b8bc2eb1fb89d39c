"""Fixtures with real servers: `postgres_server`, `rabbitmq_server`, `s3_server`, one of each per test session.

Installed as a pytest plugin by an entry point, so that a project gets the fixtures by installing the test kit; in a
checkout that was set up before it had one, `-p adreel_testkit.pytest_plugin` does the same (both at once are fine). A
server that cannot be had skips its tests with a line that says why, or fails them under `ADREEL_REQUIRE_STACK=1`.

The fixtures are synchronous and bring an event loop of their own, so tests may use whatever loops they like. The
servers' modules are imported when a fixture is first used: every run of pytest loads its plugins, and those imports
take a second.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from adreel_testkit.servers.postgres import Postgres
    from adreel_testkit.servers.rabbitmq import RabbitMQ
    from adreel_testkit.servers.s3 import S3
    from adreel_testkit.servers.stack import Stack

_Server = TypeVar("_Server")

_MISSING_S3 = "missing"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that wants `s3_server` once per kind of S3 server that this machine offers."""
    if "s3_server" in metafunc.fixturenames:
        from adreel_testkit.servers.stack import available_stack

        kinds: tuple[str, ...] = available_stack().s3_kinds or (_MISSING_S3,)
        metafunc.parametrize("s3_server", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def adreel_stack() -> "Stack":
    """What this machine offers."""
    from adreel_testkit.servers.stack import available_stack

    return available_stack()


@pytest.fixture(scope="session")
def postgres_server(adreel_stack: "Stack") -> "Iterator[Postgres]":
    """A PostgreSQL server; take a database of your own with `await postgres_server.create_database()`."""
    yield from _served(adreel_stack.open_postgres)


@pytest.fixture(scope="session")
def rabbitmq_server(adreel_stack: "Stack") -> "Iterator[RabbitMQ]":
    """A RabbitMQ server; name exchanges and queues so that tests do not meet."""
    yield from _served(adreel_stack.open_rabbitmq)


@pytest.fixture(scope="session")
def s3_server(adreel_stack: "Stack", request: pytest.FixtureRequest) -> "Iterator[S3]":
    """An S3 server, each kind in turn; make a bucket of your own."""
    from adreel_testkit.servers.s3 import S3Kind

    kind = S3Kind.CONTAINER if request.param == _MISSING_S3 else S3Kind(request.param)
    yield from _served(lambda: adreel_stack.open_s3(kind))


def _served(make: Callable[[], AbstractAsyncContextManager[_Server]]) -> Iterator[_Server]:
    from adreel_testkit.servers.errors import ServerUnavailableError
    from adreel_testkit.servers.stack import is_required

    try:
        server = make()
    except ServerUnavailableError as error:
        if is_required():
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    # Not asyncio.run: it would leave the thread without the event loop that pytest's asyncio plugin has set there.
    loop = asyncio.new_event_loop()
    try:
        entered = loop.run_until_complete(server.__aenter__())
        try:
            yield entered
        finally:
            loop.run_until_complete(server.__aexit__(None, None, None))
    finally:
        loop.close()
