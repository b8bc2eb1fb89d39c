"""What model calls used, to be priced on the ledger."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens over `calls` requests. Cached tokens are part of the input, reasoning tokens part of the output.

    `unknown_calls` of them ended without a word on their tokens and may have been charged; a refusal is not.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    request_ids: tuple[str, ...] = ()
    unknown_calls: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
            request_ids=self.request_ids + other.request_ids,
            unknown_calls=self.unknown_calls + other.unknown_calls,
        )


UNKNOWN_CALL = Usage(calls=1, unknown_calls=1)
