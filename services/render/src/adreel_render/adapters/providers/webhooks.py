"""What a provider's webhook names: our attempt and the provider's creation. Nothing else in it is believed."""

from collections.abc import Callable, Mapping

from adreel_render.adapters.providers.gemini import webhook_attempt
from adreel_render.adapters.providers.replicate import webhook_prediction

Named = tuple[str | None, str | None]


def _replicate(body: bytes, attempt: str) -> Named:
    # Query parameters of our own are Replicate's documented way to carry an id.
    return attempt or None, webhook_prediction(body)


def _gemini(body: bytes, attempt: str) -> Named:
    return webhook_attempt(body)


WEBHOOK_READERS: Mapping[str, Callable[[bytes, str], Named]] = {"replicate": _replicate, "gemini": _gemini}
