"""The suite for the length of a fixture, with the servers that this machine has."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from adreel_embedded.stack import Stack

from adreel_testkit.servers.errors import ServerUnavailableError
from adreel_testkit.servers.stack import available_stack, is_required
from adreel_testkit.suite.stacks import StackKind, running_suite


@asynccontextmanager
async def suite_under_test(kind: StackKind, settings: Mapping[str, str]) -> AsyncIterator[Stack]:
    """The five services with these settings. Servers that cannot be had: a skip, or a failure where tests must run."""
    # Not pytest's own directory: as root the database runs as nobody, who cannot enter that.
    with tempfile.TemporaryDirectory(prefix="adreel-e2e-") as directory:
        try:
            async with running_suite(kind, Path(directory), servers=available_stack(), extra=settings) as stack:
                yield stack
        except ServerUnavailableError as error:
            if is_required():
                pytest.fail(str(error), pytrace=False)
            pytest.skip(str(error))
