"""What can go wrong with a render, one class per reason.

AppError
├── RenderNotFound        no such render, film or take
├── VideoNotReady         the film is still being made
├── PreviewNotReady       the animatic is still being drawn
├── RenderRunning         takes are chosen of finished films only
├── TakeDoesNotFit        the clip has other frames than the scene needs now
├── BackendUnknown        a backend that does not exist was named
├── BackendUnavailable    the backend's model cannot be used
├── MissingAPIKey         the backend needs a key that is not set
├── ContentPolicyViolation the provider will not make this, however often it is asked
├── ProviderOutcomeUnknown a paid call may or may not have been made; a person has to decide
├── ProviderOutputLost    paid for, made, and gone before it could be copied
├── ProviderRejected      the provider refused the call or failed to make the thing
├── ProviderTimeout       the provider did not finish in the time allowed
├── PurchaseWithdrawn     nobody wanted what was being bought any more
├── QuotaExceeded         the provider's credit or quota is used up
├── ParameterRefused      a field of a music-video request holds what is not taken
├── PictureRefused        a reference picture is none, or too large
├── ClipNotReady          a clip that another task needs is not there yet, or never will be
├── PictureNotReady       likewise a picture
├── WebhookRefused        not signed by a provider
├── ScriptUnspeakable     no voice can say a scene's script
├── SceneUnrenderable     the engine refused a scene's input for good
├── AssetBytesUnavailable the assets service did not hand out the bytes
└── EngineStopped         the engine's process died or stood still; another try may work
"""

from adreel_kit.errors import AppError, Conflict, ErrorKind, Invalid, NotFound, Unavailable


class RenderNotFound(NotFound):
    """There is no such render, film or take."""

    code = "NOT_FOUND"


class VideoNotReady(Conflict):
    """There is no film yet."""

    code = "VIDEO_NOT_READY"


class PreviewNotReady(Conflict):
    """The animatic is not drawn yet."""

    code = "PREVIEW_NOT_READY"


class RenderRunning(Conflict):
    """There is no finished film to choose takes for."""

    code = "RENDER_RUNNING"


class TakeDoesNotFit(Conflict):
    """The take's clip has other frames than the scene needs in the present film."""

    code = "TAKE_DOES_NOT_FIT"


class BackendUnknown(Invalid):
    """No backend has this name."""

    code = "BACKEND_UNKNOWN"


class BackendUnavailable(Unavailable):
    """The backend exists but its model cannot be used now."""

    code = "BACKEND_UNAVAILABLE"


class MissingAPIKey(Invalid):
    """The backend was named and its key is not set."""

    code = "MISSING_API_KEY"


class ContentPolicyViolation(Invalid):
    """The provider's safety rules forbid it: final, and not charged."""

    code = "CONTENT_POLICY_VIOLATION"


class ProviderOutcomeUnknown(Conflict):
    """A paid call was perhaps made and nothing can tell; it is made again only when a person takes the risk."""

    code = "PROVIDER_OUTCOME_UNKNOWN"


class ProviderOutputLost(AppError):
    """The provider made it and was paid, but the file was gone or unusable when it was to be copied."""

    code = "PROVIDER_OUTPUT_LOST"


class ProviderRejected(AppError):
    """The provider refused the call, or took it and could not make the thing."""

    code = "PROVIDER_ERROR"


class ProviderTimeout(AppError):
    """The provider took longer than is allowed."""

    kind = ErrorKind.TIMEOUT
    code = "PROVIDER_TIMEOUT"


class PurchaseWithdrawn(Conflict):
    """It was withdrawn before it was done."""

    code = "PURCHASE_WITHDRAWN"


class QuotaExceeded(AppError):
    """The account at the provider has no credit or quota left."""

    kind = ErrorKind.EXHAUSTED
    code = "QUOTA_EXCEEDED"
    http_status = 402


class ParameterRefused(Invalid):
    """A field of a music-video request holds a value that is not taken."""

    code = "INVALID_PARAMETER"


class PictureRefused(Invalid):
    """What was given as a reference picture cannot be read as one, or is larger than what is taken."""

    code = "INVALID_REFERENCE_IMAGE"


class ClipNotReady(Conflict):
    """A video was named that does not exist, yet or at all."""

    code = "VIDEO_NOT_READY"


class PictureNotReady(Conflict):
    """A reference picture was named that does not exist, yet or at all."""

    code = "IMAGE_NOT_READY"


class WebhookRefused(AppError):
    """A webhook that no provider of ours signed, or one that is too old."""

    kind = ErrorKind.DENIED
    code = "WEBHOOK_REFUSED"
    http_status = 401


class SceneUnrenderable(Invalid):
    """The engine cannot draw this scene however often it is tried."""

    code = "SCENE_UNRENDERABLE"


class ScriptUnspeakable(Invalid):
    """The voice refuses a scene's script however often it is tried; another wording may do."""

    code = "SCRIPT_UNSPEAKABLE"


class AssetBytesUnavailable(Unavailable):
    """The bytes of an asset could not be read, or were not the ones announced."""

    code = "ASSET_BYTES_UNAVAILABLE"


class EngineStopped(AppError):
    """The engine's process died, ran out of memory or made no progress."""

    kind = ErrorKind.UNAVAILABLE
    code = "RENDER_ENGINE_STOPPED"
