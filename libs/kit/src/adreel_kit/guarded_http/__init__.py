"""HTTP on a stranger's behalf: requests to URLs that users or vendors gave, which must never lead inside.

The address that is checked is the address that is connected to. Use nothing else for such URLs.
"""

from adreel_kit.guarded_http.download import FetchResult, GuardedResponse, fetch, fetch_to_file, guarded_stream
from adreel_kit.guarded_http.errors import (
    GuardedHttpError,
    HttpStatusRefused,
    RequestTimedOut,
    ResponseTooLarge,
    Unreachable,
    UrlForbidden,
)
from adreel_kit.guarded_http.policy import GuardPolicy, HostRule, parse_host_rules
from adreel_kit.guarded_http.posting import PostResult, guarded_post
from adreel_kit.guarded_http.targets import check_url
from adreel_kit.guarded_http.transport import Network, Resolver, SystemResolver, system_network

__all__ = [
    "FetchResult",
    "GuardPolicy",
    "GuardedHttpError",
    "GuardedResponse",
    "HostRule",
    "HttpStatusRefused",
    "Network",
    "PostResult",
    "RequestTimedOut",
    "Resolver",
    "ResponseTooLarge",
    "SystemResolver",
    "Unreachable",
    "UrlForbidden",
    "check_url",
    "fetch",
    "fetch_to_file",
    "guarded_post",
    "guarded_stream",
    "parse_host_rules",
    "system_network",
]
