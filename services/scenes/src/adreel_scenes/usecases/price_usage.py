"""What the calls of a model cost, by a dated table. A model that is not in the table is counted, not priced."""

from adreel_scenes.domain.events import CostLine
from adreel_scenes.domain.usage import Usage

PRICES_AS_OF = "2026-11-20"

# USD per million tokens in and out, which is also micro-dollars per token (list prices, October 2026).
_MICROS_PER_TOKEN: dict[str, tuple[float, float]] = {
    "gpt-6-luna": (0.10, 0.50),
    "gpt-6.1-terra": (1.0, 5.0),
    "gpt-6-sol": (2.0, 10.0),
    "gpt-6.1-sol": (2.0, 10.0),
    "gpt-6-astra": (10.0, 50.0),
    "gpt-4o-mini": (0.15, 0.60),
    "gemini-3.8-flash": (0.75, 3.0),
    "gemini-3.5-flash-lite": (0.30, 2.50),
    "claude-haiku-5-5": (0.10, 0.50),
    "claude-sonnet-5-5": (2.0, 10.0),
    "claude-opus-5-5": (4.0, 20.0),
}


def token_micros(model: str, input_tokens: int, output_tokens: int) -> int | None:
    """The price of a call in millionths of a dollar, or None for a model without a known price."""
    rates = _MICROS_PER_TOKEN.get(model)
    if rates is None:
        return None
    return round(input_tokens * rates[0] + output_tokens * rates[1])


def cost_lines(
    provider: str, model: str, usage: Usage, *, kind: str = "storyboard", what: str = "Storyboard"
) -> list[CostLine]:
    """The bill for writing: nothing for the template writer or for calls that were refused.

    A call that ended without a count of its tokens may have been charged: it is listed with its price unknown.
    """
    lines = []
    if tokens := usage.input_tokens + usage.output_tokens:
        micros = token_micros(model, usage.input_tokens, usage.output_tokens)
        told = f"{usage.input_tokens} tokens in, {usage.output_tokens} out"
        lines.append(_line(kind, f"{what} by {model}: {told}", provider, model, tokens, micros))
    if usage.unknown_calls:
        calls = "a call that told" if usage.unknown_calls == 1 else f"{usage.unknown_calls} calls that told"
        lines.append(_line(kind, f"{what} by {model}: {calls} no tokens", provider, model, 0, None))
    return lines


def unknown_line(provider: str, model: str, *, kind: str = "storyboard", what: str = "Storyboard") -> CostLine:
    """What stands for a call until it is known what it used."""
    return _line(kind, f"{what} by {model}: a call that told no tokens", provider, model, 0, None)


def _line(kind: str, description: str, provider: str, model: str, tokens: int, micros: int | None) -> CostLine:
    return CostLine(
        kind=kind,
        description=description,
        provider=provider,
        model=model,
        quantity=float(tokens),
        unit="token",
        amount_micros=micros or 0,
        state="actual" if micros is not None else "unknown",
    )
