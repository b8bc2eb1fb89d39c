"""`adreel blobs migrate`: copies all blobs of one service from one store to another.

Both stores are named by the settings that the services themselves read, with `FROM_` or `TO_` before each:
`FROM_BLOB_STORAGE_TYPE=postgres FROM_DATABASE_URL=... TO_BLOB_STORAGE_TYPE=s3 TO_S3_ENDPOINT=...`. Where a setting
has no such twin, the plain one counts for both. Interrupted, it is started again: what is there already is passed over.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Mapping

from adreel_kit.blobs.migrate import Outcome, Progress, copy_all
from adreel_kit.blobs.port import BlobStore
from adreel_kit.blobs.settings import BlobSettings, BlobSettingsError, BlobStorageType, build_blob_store
from adreel_kit.db import Database
from adreel_kit.errors import AppError

from adreel_embedded.cli.arguments import Subcommands
from adreel_embedded.errors import EmbeddedError

_SERVICES = ("assets", "render")
_LINE_EVERY_SECONDS = 5.0
_DATABASE_WAIT_SECONDS = 15.0
INCOMPLETE = 1  # some blobs of the source are damaged; all others were copied


class BlobsError(EmbeddedError):
    """The blobs could not be copied; the text says what to change."""


def add_to(subcommands: Subcommands) -> None:
    parser = subcommands.add_parser("blobs", help="move stored files from one blob store to another")
    verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    migrate = verbs.add_parser(
        "migrate",
        help="copy all blobs of a service; may be interrupted and started again",
        description="Stores are named by settings with FROM_ and TO_ before them: FROM_BLOB_STORAGE_TYPE, "
        "TO_S3_ENDPOINT, FROM_DATABASE_URL, ... To move: copy, switch the service to the new store, copy once more.",
    )
    migrate.add_argument("--service", choices=_SERVICES, default="assets", help="whose blobs (default: assets)")
    migrate.add_argument("--after", metavar="SHA256", help="go on behind this name")
    migrate.add_argument(
        "--verify", action="store_true", help="read what the target has already, and replace what is damaged"
    )
    migrate.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    try:
        return asyncio.run(_migrate(arguments.service, arguments.after, arguments.verify, os.environ))
    except (AppError, ValueError) as error:
        raise BlobsError(str(error)) from error


async def _migrate(service: str, after: str | None, verify: bool, environment: Mapping[str, str]) -> int:
    source, target = (_Store(side, service, environment) for side in ("FROM_", "TO_"))
    if source.settings == target.settings and source.database_url == target.database_url:
        raise BlobsError("FROM_ and TO_ settings name the same store.")
    async with source as from_store, target as to_store:
        last = await _copy(from_store, to_store, after, verify=verify)
    if last is None:
        print("There is nothing to copy.")
        return 0
    print(f"Done: {_sentence(last)}")
    return INCOMPLETE if last.corrupt_count else 0


async def _copy(source: BlobStore, target: BlobStore, after: str | None, *, verify: bool) -> Progress | None:
    last: Progress | None = None
    said_at = time.monotonic()
    async for progress in copy_all(source, target, after=after, verify_present=verify):
        last = progress
        if progress.outcome is Outcome.CORRUPT:
            print(f"damaged in the source, not copied: {progress.ref.sha256}", file=sys.stderr)
        if time.monotonic() - said_at > _LINE_EVERY_SECONDS:
            said_at = time.monotonic()
            print(f"{progress.ref.sha256}  {_sentence(progress)}", flush=True)
    return last


def _sentence(progress: Progress) -> str:
    return (
        f"{progress.copied_count} copied ({progress.copied_bytes / 1e6:.1f} MB), {progress.present_count} there "
        f"already, {progress.corrupt_count} damaged"
    )


class _Store:
    """One side's store, opened for the length of a block."""

    def __init__(self, side: str, service: str, environment: Mapping[str, str]) -> None:
        own = {name.removeprefix(side): value for name, value in environment.items() if name.startswith(side)}
        if not own.get("BLOB_STORAGE_TYPE"):
            raise BlobsError(f"{side}BLOB_STORAGE_TYPE must say which store: files, postgres or s3.")
        values = {**environment, **own}
        try:
            self.settings = BlobSettings.from_environment(values, key_prefix=service)
        except BlobSettingsError as error:
            raise BlobsError(f"{error} (Each setting may have {side} before it.)") from error
        self.database_url = ""
        if self.settings.storage_type is BlobStorageType.POSTGRES:
            self.database_url = values.get("DATABASE_URL", "")
            if not self.database_url.startswith("postgres"):
                raise BlobsError(f"{side}DATABASE_URL must be the PostgreSQL address of the {service} service.")
        self._database = Database(self.database_url) if self.database_url else None
        self._store = build_blob_store(self.settings, self._database)

    async def __aenter__(self) -> BlobStore:
        try:
            if self._database is not None:
                await self._database.start(wait_seconds=_DATABASE_WAIT_SECONDS)
            await self._store.start()
        except BaseException:
            await self.__aexit__()
            raise
        return self._store

    async def __aexit__(self, *_: object) -> None:
        await self._store.aclose()
        if self._database is not None:
            await self._database.aclose()
