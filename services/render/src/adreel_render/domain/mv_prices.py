"""What a picture costs at each provider, as dated data; see `prices` for clips."""

from dataclasses import dataclass
from datetime import date

from adreel_render.domain.events import CostLine


@dataclass(frozen=True, slots=True)
class ImagePrice:
    """An image model and what one picture costs."""

    provider: str
    model: str
    as_of: date
    micros_per_image: int


# imagen-4: 0.04 to 0.05 USD a picture. gemini-3.1-flash-image: no price was found; taken as the dearer of the two.
IMAGE_PRICES: dict[str, ImagePrice] = {
    "replicate": ImagePrice("replicate", "google/imagen-4", date(2026, 11, 20), 50_000),
    "gemini": ImagePrice("gemini", "gemini-3.1-flash-image", date(2026, 11, 20), 50_000),
}


def estimate_image(backend: str, model: str) -> CostLine:
    """The line for one picture by the model that the deployment uses there."""
    price = IMAGE_PRICES[backend]
    return CostLine(
        kind="image",
        description=f"a picture by {model} (prices of {price.as_of})",
        provider=price.provider,
        model=model,
        quantity=1,
        unit="image",
        amount_micros=price.micros_per_image,
        state="estimated",
    )
