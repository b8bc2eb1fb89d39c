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


class SceneUnrenderable(Invalid):
    """The engine cannot draw this scene however often it is tried."""

    code = "SCENE_UNRENDERABLE"


class AssetBytesUnavailable(Unavailable):
    """The bytes of an asset could not be read, or were not the ones announced."""

    code = "ASSET_BYTES_UNAVAILABLE"


class EngineStopped(AppError):
    """The engine's process died, ran out of memory or made no progress."""

    kind = ErrorKind.UNAVAILABLE
    code = "RENDER_ENGINE_STOPPED"
