"""Why a blob operation failed. Every adapter raises these and nothing of its vendor's.

AppError
├── BlobNotFound            no such blob in this store
├── BlobTooLarge            the stream was longer than the caller allows
├── BlobCorrupt             stored bytes are not what their name says
│   └── BlobChecksumMismatch  incoming bytes are not what the caller announced; nothing was stored
└── BlobStoreUnavailable    the store cannot be reached or has no room; the same call may work later
    └── BlobStoreRefused    the store answers, and refuses us: a setting or a permission is wrong
"""

from adreel_kit.errors import AppError, ErrorKind


class BlobNotFound(AppError):
    """The store holds no complete blob of that name."""

    kind = ErrorKind.NOT_FOUND
    code = "BLOB_NOT_FOUND"

    def __init__(self, sha256: str) -> None:
        super().__init__(f"No blob {sha256} in the store.", details={"sha256": sha256})


class BlobTooLarge(AppError):
    """More bytes came than `max_bytes`; reading stopped there and nothing was stored."""

    kind = ErrorKind.INVALID
    code = "BLOB_TOO_LARGE"
    http_status = 413

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The data is longer than the {max_bytes} bytes allowed.", details={"max_bytes": max_bytes})
        self.max_bytes = max_bytes


class BlobCorrupt(AppError):
    """The stored bytes do not have the size or the checksum of their name."""

    kind = ErrorKind.INTERNAL
    code = "BLOB_CORRUPT"

    def __init__(self, sha256: str, reason: str) -> None:
        super().__init__(f"Blob {sha256} is damaged: {reason}.", details={"sha256": sha256})


class BlobChecksumMismatch(BlobCorrupt):
    """What came is not what was announced; nothing was stored."""

    kind = ErrorKind.INVALID
    code = "BLOB_CHECKSUM_MISMATCH"

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(expected, f"the bytes that came have the checksum {actual}")


class BlobStoreUnavailable(AppError):
    """The store is out of reach, or cannot write at the moment."""

    kind = ErrorKind.UNAVAILABLE
    code = "BLOB_STORE_UNAVAILABLE"


class BlobStoreRefused(BlobStoreUnavailable):
    """The store was reached and said no: credentials, permissions or names are wrong, and waiting will not help."""

    code = "BLOB_STORE_REFUSED"
