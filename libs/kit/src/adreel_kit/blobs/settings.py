"""Which blob store a deployment uses, from values its operator gives.

A mistake is found before anything is opened, and said in one sentence that names the variable.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adreel_kit.blobs.keys import checked_prefix
from adreel_kit.blobs.port import BlobStore

if TYPE_CHECKING:
    import asyncpg

    from adreel_kit.blobs.postgres import Connections

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


class BlobStorageType(StrEnum):
    FILES = "files"  # in a directory of this machine
    POSTGRES = "postgres"  # in the service's own database
    S3 = "s3"  # in a bucket of an S3 server


class BlobSettingsError(ValueError):
    """One setting is missing or wrong; the text is a sentence that names it."""


@dataclass(frozen=True, slots=True)
class BlobSettings:
    """Where blobs are kept. Only the fields of the chosen type need values; making one checks them."""

    storage_type: BlobStorageType = BlobStorageType.FILES
    directory: Path | None = None
    s3_endpoint: str = ""
    s3_bucket_name: str = ""
    s3_region: str = ""
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    # Lets several services share one directory or bucket; a database of its own needs none.
    key_prefix: str = ""
    # Where streams wait for their name on the way to S3; None for the system's place for temporary files.
    scratch_dir: Path | None = None

    def __post_init__(self) -> None:
        try:
            checked_prefix(self.key_prefix)
        except ValueError as error:
            raise BlobSettingsError(f"ADREEL_BLOB_KEY_PREFIX is wrong: {error}.") from None
        if self.storage_type is BlobStorageType.FILES:
            self._check_files()
        elif self.storage_type is BlobStorageType.S3:
            self._check_s3()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, key_prefix: str = "") -> "BlobSettings":
        """The settings from `BLOB_STORAGE_TYPE`, `ADREEL_BLOB_DIR` and the `S3_` variables; empty counts as missing.

        A prefix given by `ADREEL_BLOB_KEY_PREFIX` goes before the service's own.
        """
        wanted = environment.get("BLOB_STORAGE_TYPE", "").strip().lower() or BlobStorageType.FILES.value
        if wanted not in set(BlobStorageType):
            raise BlobSettingsError(f"BLOB_STORAGE_TYPE must be one of {', '.join(BlobStorageType)}, not {wanted!r}.")
        directory = environment.get("ADREEL_BLOB_DIR", "").strip()
        return cls(
            storage_type=BlobStorageType(wanted),
            directory=Path(directory) if directory else None,
            s3_endpoint=environment.get("S3_ENDPOINT", "").strip(),
            s3_bucket_name=environment.get("S3_BUCKET_NAME", "").strip(),
            s3_region=environment.get("S3_REGION", "").strip(),
            s3_access_key=environment.get("S3_ACCESS_KEY", "").strip(),
            s3_secret_key=environment.get("S3_SECRET_KEY", "").strip(),
            key_prefix=environment.get("ADREEL_BLOB_KEY_PREFIX", "").strip() or key_prefix,
        )

    def _check_files(self) -> None:
        if self.directory is None:
            raise BlobSettingsError("ADREEL_BLOB_DIR must name a directory when BLOB_STORAGE_TYPE is files.")
        if not self.directory.is_absolute():
            raise BlobSettingsError(f"ADREEL_BLOB_DIR must be an absolute path, not {str(self.directory)!r}.")

    def _check_s3(self) -> None:
        given = {
            "S3_ENDPOINT": self.s3_endpoint,
            "S3_BUCKET_NAME": self.s3_bucket_name,
            "S3_REGION": self.s3_region,
            "S3_ACCESS_KEY": self.s3_access_key,
            "S3_SECRET_KEY": self.s3_secret_key,
        }
        for name, value in given.items():
            if not value:
                raise BlobSettingsError(f"{name} must be set when BLOB_STORAGE_TYPE is s3.")
        if not _is_plain_address(self.s3_endpoint):
            # Not quoted: a user name and a password may be in it.
            raise BlobSettingsError(
                "S3_ENDPOINT must be http:// or https:// with a host, a port if needed, and no more."
            )
        name = self.s3_bucket_name
        if not _BUCKET_NAME.fullmatch(name) or ".." in name or _IP_ADDRESS.fullmatch(name):
            raise BlobSettingsError(f"S3_BUCKET_NAME is not a valid bucket name: {name!r}.")


def _is_plain_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_bare = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in parts.netloc
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port_is_right and is_bare


def load_blob_settings(environment: Mapping[str, str] | None = None, *, key_prefix: str = "") -> BlobSettings:
    """`BlobSettings.from_environment` for a process's start: a mistake ends the process with its sentence."""
    try:
        return BlobSettings.from_environment(os.environ if environment is None else environment, key_prefix=key_prefix)
    except BlobSettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def build_blob_store(settings: BlobSettings, pool: "Connections | asyncpg.Pool | None" = None) -> BlobStore:
    """The store the settings ask for, not started yet.

    `pool`, an `adreel_kit.db.Database` or a pool of asyncpg, is needed for PostgreSQL and stays the caller's; it may be
    opened later, but before the store is started.

    Adapters are imported here, so that a deployment loads the client library of its own store only.
    """
    match settings.storage_type:
        case BlobStorageType.FILES:
            from adreel_kit.blobs.files import FileBlobStore

            assert settings.directory is not None, "checked when the settings were made"
            return FileBlobStore(settings.directory, prefix=settings.key_prefix)
        case BlobStorageType.POSTGRES:
            from adreel_kit.blobs.postgres import PostgresBlobStore

            if pool is None:
                raise BlobSettingsError("BLOB_STORAGE_TYPE=postgres needs a service that has a database.")
            return PostgresBlobStore(pool)
        case BlobStorageType.S3:
            from adreel_kit.blobs.s3 import S3BlobStore
            from adreel_kit.blobs.s3_client import S3Location

            location = S3Location(
                endpoint=settings.s3_endpoint,
                bucket=settings.s3_bucket_name,
                region=settings.s3_region,
                access_key=settings.s3_access_key,
                secret_key=settings.s3_secret_key,
            )
            return S3BlobStore(location, prefix=settings.key_prefix, scratch_dir=settings.scratch_dir)
