"""Which scope a request needs: `jobs:read` to look at jobs, `jobs:write` to change them, and so on.

A key's scopes may use `*` for either half, or for all.
"""

from collections.abc import Iterable

from starlette.types import Scope

RESOURCES = ("clients", "campaigns", "assets", "jobs", "webhooks", "mv")
VERBS = ("read", "write")
_READING = frozenset({"GET", "HEAD"})
_SHARE = "/api/v3/share/"
_PROVIDERS = "/api/v3/provider-webhooks/"


def is_public(scope: Scope) -> bool:
    """Whether anyone may come: a shared film's token is its key, a provider's signature is its own."""
    if scope["method"] == "POST":
        return bool(scope["path"].startswith(_PROVIDERS))
    return scope["method"] in _READING and scope["path"].startswith(_SHARE)


def needed_scope(scope: Scope) -> str:
    """The scope that opens this request; `none:...` for paths that no route has, so that only `*` sees their 404."""
    parts = scope["path"].split("/")
    resource = "mv" if parts[2:3] == ["mv"] else (parts[3] if len(parts) > 3 else "none")
    verb = "read" if scope["method"] in _READING else "write"
    if scope["path"] == "/api/v3/jobs/dry-run":
        verb = "read"
    return f"{resource if resource in RESOURCES else 'none'}:{verb}"


def opens(scopes: Iterable[str], needed: str) -> bool:
    """Whether one of the key's scopes covers the one needed."""
    resource, verb = needed.split(":")
    return any(scope in ("*", "*:*", needed, f"{resource}:*", f"*:{verb}", resource) for scope in scopes)


def is_scope(text: str) -> bool:
    """Whether a key may be given this scope."""
    resource, colon, verb = text.partition(":")
    if not colon:
        return text == "*" or text in RESOURCES
    return resource in (*RESOURCES, "*") and verb in (*VERBS, "*")
