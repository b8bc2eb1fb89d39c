"""Starts the suite for tests: the same five services on the embedded parts, or on real servers."""

import contextlib
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from pathlib import Path

from adreel_embedded.services import SERVICES, StackOptions
from adreel_embedded.stack import Stack
from adreel_embedded.state import StateDirectory

from adreel_testkit.servers.stack import Stack as Servers


class StackKind(StrEnum):
    """What is below the services."""

    EMBEDDED = "embedded"  # one PostgreSQL for data and messages, files for blobs
    SERVERS = "servers"  # RabbitMQ, a database per service on PostgreSQL, an S3 server


@contextlib.asynccontextmanager
async def running_suite(
    kind: StackKind, directory: Path, *, servers: Servers, extra: Mapping[str, str] | None = None
) -> AsyncIterator[Stack]:
    """Run the suite with its state in `directory`, which is used by nobody else; `extra` settings go to every service.

    Raises ServerUnavailableError when a server that `kind` needs cannot be had here.
    """
    state = StateDirectory(directory)
    options = StackOptions(extra=dict(extra or {}))
    try:
        if kind is StackKind.EMBEDDED:
            async with Stack(state, options=options) as stack:
                yield stack
            return
        async with (
            servers.open_postgres() as postgres,
            servers.open_rabbitmq() as rabbitmq,
            servers.open_s3(servers.s3_kinds[0]) as s3,
        ):
            urls = {name: await postgres.create_database(name) for name in SERVICES}
            blobs = s3.environment(f"adreel-{secrets.token_hex(4)}")
            async with Stack(
                state, options=options, database_urls=urls, bus={"RABBITMQ_URL": rabbitmq.url}, blobs=blobs
            ) as stack:
                yield stack
    finally:
        # As root the database lies outside the state directory.
        shutil.rmtree(state.postgres, ignore_errors=True)


def stored_objects(blobs: Mapping[str, str]) -> int:
    """How many objects are in the bucket that a stack's blob settings name."""
    from minio import Minio

    endpoint = blobs["S3_ENDPOINT"].removeprefix("http://")
    client = Minio(
        endpoint,
        access_key=blobs["S3_ACCESS_KEY"],
        secret_key=blobs["S3_SECRET_KEY"],
        region=blobs["S3_REGION"],
        secure=False,
    )
    return sum(1 for _ in client.list_objects(blobs["S3_BUCKET_NAME"], recursive=True))
