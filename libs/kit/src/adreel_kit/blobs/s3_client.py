"""The blocking S3 client, made usable from asyncio: calls in a few threads, errors in our own words.

Nothing here knows what a blob is. Time-outs are set because the vendor's default, five minutes for each of six
attempts, would hold a thread for half an hour.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError

from adreel_kit.blobs.errors import BlobStoreRefused, BlobStoreUnavailable
from adreel_kit.blobs.threads import Lane

P = ParamSpec("P")
T = TypeVar("T")

_CODE = re.compile(r"<Code>(\w+)</Code>")
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchUpload"})
_PASSING = frozenset(
    {
        "InternalError",
        "NoSuchBucket",  # `start` has not made it yet
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "SlowDownRead",
        "SlowDownWrite",
        "XMinioServerNotInitialized",
    }
)


class ObjectMissing(Exception):
    """The object (or the upload) named in the call does not exist."""


@dataclass(frozen=True, slots=True)
class S3Location:
    """Which bucket, where, and as whom. `endpoint` is an address with scheme: `http://storage:9000`."""

    endpoint: str
    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


class S3Calls:
    """Runs calls of one client in at most `width` threads."""

    def __init__(self, location: S3Location, *, width: int) -> None:
        address = urlsplit(location.endpoint)
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=60),
            maxsize=2 * width,
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        )
        self.client = Minio(
            address.netloc,
            access_key=location.access_key,
            secret_key=location.secret_key,
            region=location.region,  # given, so that the client does not ask the server for it first
            secure=address.scheme == "https",
            http_client=self._http,
        )
        self._lane = Lane("blob-s3", width)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result. Raises `ObjectMissing`, `BlobStoreUnavailable`, `BlobStoreRefused`."""
        return await self.run_until(lambda: None, call, *args, **kwargs)

    async def run_until(self, stop: Callable[[], None], call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`; calls `stop` when the caller is cancelled."""
        try:
            return await self._lane.run_until(stop, call, *args, **kwargs)
        except S3Error as error:
            raise _translated(error.code or "unknown") from error
        except InvalidResponseError as error:
            # rclone sends some of its errors without the content type the client insists on.
            code = _CODE.search(str(error))
            if code is None:
                raise BlobStoreRefused("What answers in the blob store's place is no S3 server.") from error
            raise _translated(code[1]) from error
        except (ServerError, urllib3.exceptions.HTTPError) as error:
            raise BlobStoreUnavailable("The blob store does not answer.") from error

    def close(self) -> None:
        self._lane.close()
        self._http.clear()


def _translated(code: str) -> Exception:
    if code in _MISSING:
        return ObjectMissing(code)
    if code in _PASSING:
        return BlobStoreUnavailable(f"The blob store cannot answer at the moment ({code}).", details={"s3_code": code})
    return BlobStoreRefused(f"The blob store refused the call ({code}).", details={"s3_code": code})
