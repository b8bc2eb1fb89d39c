"""SQL over speeches. Every function works in the caller's transaction."""

import uuid
from collections.abc import Sequence

from adreel_kit.db import Connection

from adreel_render.domain.voice import Speech

_COLUMNS = "s.key, s.sha256, s.size_bytes, s.seconds, s.provider, s.model, s.voice, s.characters"


async def find(conn: Connection, key: str) -> Speech | None:
    """The speech of this key, if it was ever spoken."""
    row = await conn.fetchrow(f"SELECT {_COLUMNS} FROM speeches s WHERE s.key = $1", key)
    return None if row is None else Speech(**dict(row))


async def known_keys(conn: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these were ever spoken."""
    rows = await conn.fetch("SELECT key FROM speeches WHERE key = ANY($1)", list(keys))
    return {row["key"] for row in rows}


async def keep(conn: Connection, speech: Speech) -> None:
    """Store a speech; one spoken again because its bytes were gone takes the place of the first."""
    await conn.execute(
        "INSERT INTO speeches (key, sha256, size_bytes, seconds, provider, model, voice, characters) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO UPDATE SET sha256 = EXCLUDED.sha256, "
        "size_bytes = EXCLUDED.size_bytes, seconds = EXCLUDED.seconds",
        speech.key,
        speech.sha256,
        speech.size_bytes,
        speech.seconds,
        speech.provider,
        speech.model,
        speech.voice,
        speech.characters,
    )


async def set_for_scene(conn: Connection, render_id: uuid.UUID, scene_number: int, key: str) -> None:
    """This scene of the render says this speech."""
    await conn.execute(
        "INSERT INTO render_speeches (render_id, scene_number, speech_key) VALUES ($1, $2, $3) "
        "ON CONFLICT (render_id, scene_number) DO UPDATE SET speech_key = EXCLUDED.speech_key",
        render_id,
        scene_number,
        key,
    )


async def of_render(conn: Connection, render_id: uuid.UUID) -> dict[int, Speech]:
    """What the scenes of a render say, by scene number; silent ones are absent."""
    rows = await conn.fetch(
        f"SELECT r.scene_number, {_COLUMNS} FROM render_speeches r JOIN speeches s ON s.key = r.speech_key "
        "WHERE r.render_id = $1 AND s.seconds > 0 ORDER BY r.scene_number",
        render_id,
    )
    facts = [dict(row) for row in rows]
    return {row.pop("scene_number"): Speech(**row) for row in facts}
