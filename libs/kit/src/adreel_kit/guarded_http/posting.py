"""Guarded POST, for callbacks to addresses that users give: the same checks as a download, and no redirects at all."""

from collections.abc import Mapping
from dataclasses import dataclass

from adreel_kit.guarded_http.exchange import deadline, open_response
from adreel_kit.guarded_http.policy import GuardPolicy
from adreel_kit.guarded_http.targets import check_url
from adreel_kit.guarded_http.transport import Network, system_network


@dataclass(frozen=True, slots=True)
class PostResult:
    """What the receiver said: its status, whatever it was, and the beginning of its answer for the record."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it; a redirect is a refusal."""
        return 200 <= self.status < 300


async def guarded_post(
    url: str, body: bytes, headers: Mapping[str, str], policy: GuardPolicy, *, network: Network | None = None
) -> PostResult:
    """POST once. Any status is a result; raises `GuardedHttpError` when there was none or the URL is forbidden.

    At most `policy.max_bytes` of the answer are read, the rest is left: a receiver's long page is no failure.
    Safe to repeat only as far as the receiver is.
    """
    network = network or system_network()
    async with deadline(policy):
        target = check_url(url, policy)
        async with open_response("POST", target, network, policy, {"Accept": "*/*", **headers}, body) as response:
            beginning = bytearray()
            async for chunk in response.aiter_stream():
                beginning += chunk[: policy.max_bytes - len(beginning)]
                if len(beginning) >= policy.max_bytes:
                    break
            names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return PostResult(response.status, names, bytes(beginning))
