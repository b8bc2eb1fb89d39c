"""Signing as Standard Webhooks has it: HMAC-SHA256 over id, time and body.

Source: the Standard Webhooks specification, "Signature scheme": the signed text is `id.timestamp.body`, the header
`webhook-signature` holds `v1,` and the base64 of the digest, secrets are written `whsec_` and their base64.
"""

import base64
import hashlib
import hmac


def written_secret(secret: bytes) -> str:
    """The secret as receivers' libraries take it."""
    return f"whsec_{base64.b64encode(secret).decode('ascii')}"


def signed_headers(secret: bytes, *, message_id: str, sent_at: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt; `sent_at` is in Unix seconds and new for each, the id is not."""
    text = f"{message_id}.{sent_at}.".encode("ascii") + body
    digest = base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode("ascii")
    return {"webhook-id": message_id, "webhook-timestamp": str(sent_at), "webhook-signature": f"v1,{digest}"}
