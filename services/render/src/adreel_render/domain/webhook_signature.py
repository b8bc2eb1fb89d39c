"""Standard Webhooks signatures, as Replicate and Gemini make them: HMAC-SHA256 over id, time and raw body.

What is not signed with the shared secret, or was signed more than five minutes ago, is not looked at.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE_SECONDS = 300.0


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Whether `body` bears a valid signature. `secret` is `whsec_` and base64; header names in any case."""
    found = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = found.get("webhook-id", ""), found.get("webhook-timestamp", "")
    if not message_id or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 15:
        return False
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        return False
    expected = sign(secret, message_id, int(stamp), body)
    if expected is None:
        return False
    given = [word.removeprefix("v1,") for word in found.get("webhook-signature", "").split() if word.startswith("v1,")]
    # Compared as bytes: a header may hold any character.
    return any(hmac.compare_digest(expected.encode(), one.encode("utf-8", "replace")) for one in given)


def sign(secret: str, message_id: str, stamp: int, body: bytes) -> str | None:
    """The signature's base64, or None for a secret that is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None
    content = f"{message_id}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() if key else None
