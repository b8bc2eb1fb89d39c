"""Why an asset could not be taken.

    AppError
    ├── AssetError
    │   ├── AssetUrlForbidden      ASSET_URL_FORBIDDEN       422
    │   ├── AssetUnreachable       ASSET_UNREACHABLE         422
    │   ├── AssetHttpError         ASSET_HTTP_ERROR          422, with the status
    │   ├── AssetTimeout           ASSET_TIMEOUT             422
    │   ├── AssetCorrupt           ASSET_CORRUPT             422
    │   ├── AssetTooLarge          ASSET_TOO_LARGE           413
    │   ├── AssetTypeUnsupported   ASSET_TYPE_UNSUPPORTED    415
    │   └── AssetTypeMismatch      ASSET_TYPE_MISMATCH       415
    ├── SourceStumbled             SOURCE_STUMBLED           an AssetError that may pass; tried again, never shown
    ├── QuotaExceeded              QUOTA_EXCEEDED            402, the client's assets are large enough
    ├── RateLimited                RATE_LIMITED              429, too many downloads within a minute
    ├── UploadCutOff               UPLOAD_CUT_OFF            422, the sender went away
    ├── UploadMismatch             UPLOAD_MISMATCH           422, other bytes than were announced
    ├── UploadNotFound             UPLOAD_NOT_FOUND          404
    ├── UploadEmpty                UPLOAD_INCOMPLETE         409, completed before its bytes came
    ├── AssetNotFound              ASSET_NOT_FOUND           404
    ├── AssetInUse                 ASSET_IN_USE              409, a live job holds it
    ├── AssetNotReady              ASSET_NOT_READY           409, its bytes are on their way or cannot be had
    ├── BytesGone                  a deletion of the same bytes came in between; to be stored once more
    └── InspectionUnavailable      our own decoders did not run; nothing is known of the file

The `AssetError`s are final: the same bytes or URL give the same answer. One marked `is_transient` by the adapter that
raised it (a server out of order, a slow line) is final only once it was tried again.
"""

from adreel_kit.errors import AppError, Conflict, ErrorKind, Invalid, NotFound

from adreel_assets.domain.media_types import AssetType, accepted_formats


class AssetError(AppError):
    """Base: the file or its address cannot be used as it is."""

    kind = ErrorKind.INVALID
    code = "ASSET_CORRUPT"
    is_transient = False


class AssetUrlForbidden(AssetError):
    """The address is not a plain one on the public internet."""

    code = "ASSET_URL_FORBIDDEN"


class AssetUnreachable(AssetError):
    """No usable answer came from the address."""

    code = "ASSET_UNREACHABLE"


class AssetHttpError(AssetError):
    """The server answered with another status than success; `details.status` has it."""

    code = "ASSET_HTTP_ERROR"


class AssetTimeout(AssetError):
    """The download did not finish in time."""

    code = "ASSET_TIMEOUT"


class AssetCorrupt(AssetError):
    """The bytes begin like something we take but cannot be read through."""

    code = "ASSET_CORRUPT"


class AssetTooLarge(AssetError):
    """More bytes, pixels or minutes than the limits take."""

    code = "ASSET_TOO_LARGE"
    http_status = 413


class AssetTypeUnsupported(AssetError):
    """The bytes are of no format we take."""

    code = "ASSET_TYPE_UNSUPPORTED"
    http_status = 415

    def __init__(self) -> None:
        taken = {asset_type.value: list(accepted_formats(asset_type)) for asset_type in AssetType}
        listed = "; ".join(f"{name}: {', '.join(formats)}" for name, formats in taken.items())
        super().__init__(f"The file is of no format that is taken ({listed}).", details={"accepted": taken})


class AssetTypeMismatch(AssetError):
    """The bytes are not of the type that was asked for."""

    code = "ASSET_TYPE_MISMATCH"
    http_status = 415

    def __init__(self, asked: AssetType, found: AssetType | None) -> None:
        what = f"it holds {found.value} data" if found else "its bytes are of no format that is taken"
        formats = ", ".join(accepted_formats(asked))
        super().__init__(
            f"The file is not of type {asked.value} ({formats}): {what}.",
            details={"asked": asked.value, "found": found.value if found else None},
        )


class InspectionUnavailable(AppError):
    """The decoders could not be run; the same file may pass later."""

    kind = ErrorKind.UNAVAILABLE
    code = "SERVICE_UNAVAILABLE"


class AssetNotFound(NotFound):
    """There is no such asset, or not for this client."""

    code = "ASSET_NOT_FOUND"


class AssetInUse(Conflict):
    """A job that has not ended uses the asset."""

    code = "ASSET_IN_USE"


class AssetNotReady(Conflict):
    """The asset has no bytes to serve."""

    code = "ASSET_NOT_READY"


class UploadCutOff(Invalid):
    """Fewer bytes came than were announced."""

    code = "UPLOAD_CUT_OFF"


class UploadMismatch(Invalid):
    """What was put is not what was announced: another size, or another hash."""

    code = "UPLOAD_MISMATCH"


class UploadNotFound(NotFound):
    """There is no such upload, not for this client, or not any more."""

    code = "UPLOAD_NOT_FOUND"


class UploadEmpty(Conflict):
    """The bytes were not put yet."""

    code = "UPLOAD_INCOMPLETE"


class QuotaExceeded(AppError):
    """The client's assets would take more room than it has. Denied, so that no worker tries again by itself."""

    kind = ErrorKind.DENIED
    code = "QUOTA_EXCEEDED"
    http_status = 402

    def __init__(self, quota_bytes: int) -> None:
        super().__init__(
            f"The client's assets would take more than its quota of {quota_bytes} bytes; delete some first.",
            details={"quotaBytes": quota_bytes},
        )


class RateLimited(AppError):
    """Too many downloads were asked for within a minute."""

    kind = ErrorKind.EXHAUSTED
    code = "RATE_LIMITED"

    def __init__(self, limit_per_minute: int) -> None:
        super().__init__(
            f"At most {limit_per_minute} downloads a minute are begun for one client; try again in a moment.",
            details={"limitPerMinute": limit_per_minute},
            retry_after_seconds=20,
        )


class SourceStumbled(AppError):
    """A download that may succeed if tried again a little later."""

    kind = ErrorKind.UNAVAILABLE
    code = "SOURCE_STUMBLED"


class BytesGone(AppError):
    """Bytes that were there already were deleted with their last asset before this one could refer to them."""

    kind = ErrorKind.UNAVAILABLE
    code = "SERVICE_UNAVAILABLE"
