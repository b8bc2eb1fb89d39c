"""`MV_DEBUG_MODE`: what a music-video request said and how it ended. The owners log the rest; nobody logs a key."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from adreel_kit.errors import AppError
from adreel_kit.logging import get_logger

from adreel_gateway.entrypoints.http.mv.wire import MvRequest
from adreel_gateway.settings import GatewaySettings

log = get_logger(__name__)

_SHOWN_CHARACTERS = 24


@contextmanager
def debugged(settings: GatewaySettings, route: str, body: MvRequest) -> Iterator[None]:
    """Log the request's arguments and, at the end of the block, its outcome with its timing; nothing when off."""
    if not settings.mv_debug_mode:
        yield
        return
    log.info("mv.debug.request", route=route, arguments=arguments_of(body), left_out=left_out_of(body))
    started = time.perf_counter()
    outcome = "interrupted"
    try:
        yield
        outcome = "answered"
    except AppError as error:
        outcome = error.code
        raise
    finally:
        log.info("mv.debug.outcome", route=route, outcome=outcome, seconds=round(time.perf_counter() - started, 3))


def arguments_of(body: MvRequest) -> dict[str, object]:
    """What was sent; pictures are named by their length alone."""
    given = body.model_dump(mode="json", exclude_none=True)
    return {name: _shortened(name, value) for name, value in given.items()}


def left_out_of(body: MvRequest) -> list[str]:
    """The optional fields for which the owner's defaults stand."""
    return sorted(name for name in type(body).model_fields if getattr(body, name) is None)


def _shortened(name: str, value: object) -> object:
    if name.endswith("_base64") and isinstance(value, str) and len(value) > _SHOWN_CHARACTERS:
        return f"{value[:_SHOWN_CHARACTERS]}... ({len(value)} characters)"
    return value
