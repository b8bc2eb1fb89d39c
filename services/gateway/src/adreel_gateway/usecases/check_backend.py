"""Whether a backend that a request names can be used here, asked before anything is made."""

from adreel_kit.errors import ErrorKind, Invalid, RemoteError, Unavailable

from adreel_gateway.adapters.render_client import RenderClient


class MissingApiKey(Invalid):
    """The backend exists, but this deployment has no key for it."""

    code = "MISSING_API_KEY"


class BackendUnavailable(Unavailable):
    """The backend exists, but cannot be used here now."""

    code = "BACKEND_UNAVAILABLE"


async def check_backend(render: RenderClient, name: str) -> None:
    """Raise MissingApiKey or BackendUnavailable. While the render service is away, jobs may still be taken in."""
    try:
        backends = (await render.list_backends()).backends
    except RemoteError as error:
        if error.kind is ErrorKind.UNAVAILABLE:
            return
        raise
    backend = next((backend for backend in backends if backend.name == name), None)
    if backend is None or backend.is_available:
        return
    details = {"backend": name, "field": "video.backend"}
    if backend.problem == MissingApiKey.code:
        message = backend.message or f"The backend {name} needs an API key, and none is set here."
        raise MissingApiKey(message, details=details)
    message = backend.message or f"The backend {name} cannot be used here ({backend.problem})."
    raise BackendUnavailable(message, details=details)
