"""Identifiers: UUIDs of version 7, so that rows made one after another lie side by side in an index."""

import os
import time
import uuid


def new_id() -> uuid.UUID:
    """A new UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits."""
    millis = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10), "big")
    value = (millis & 0xFFFFFFFFFFFF) << 80 | tail
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def parse_id(text: str) -> uuid.UUID | None:
    """The UUID that `text` is, or None; never raises, whatever a user sends."""
    try:
        return uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
