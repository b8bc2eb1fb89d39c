"""The name of a scene clip by content: equal keys mean the same picture, so a clip can be taken from a cache.

Everything that shapes the bytes goes in: the spec with media by digest instead of path, the canvas, the encoder's
settings and build, the fonts at hand, the versions of what draws, and `ENGINE_VERSION`, which is raised
whenever the engine draws the same spec differently.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import cv2
import PIL

from adreel_render.engine.cache import ENGINE_VERSION
from adreel_render.engine.encoder import EncoderSettings, codec_identity
from adreel_render.engine.fonts import fonts_fingerprint
from adreel_render.engine.spec import Brand, Canvas, Medium, SceneSpec


def scene_key(spec: SceneSpec, canvas: Canvas, settings: EncoderSettings | None = None) -> str:
    """SHA-256, as 64 hex digits, of all that shapes the clip of a scene.

    Costs a tiny test encode once a process and canvas (see `codec_identity`). Reads a logo without a digest.
    """
    settings = settings or EncoderSettings()
    parts = {
        "engine": ENGINE_VERSION,
        "drawing": [cv2.__version__, PIL.__version__],
        "encoder": [settings.key(), codec_identity(canvas, settings).build],
        "fonts": fonts_fingerprint(spec.brand.font),
        "canvas": asdict(canvas),
        "scene": _scene(spec),
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _scene(spec: SceneSpec) -> dict[str, object]:
    facts = asdict(spec)
    facts["media"] = [_medium(medium) for medium in spec.media]
    facts["brand"] = _brand(spec.brand)
    facts["copied"] = spec.copied_frames
    if spec.spoken_frames is None:
        del facts["spoken_frames"]  # clips without a voice keep the key they had before there were any
    return {name: value for name, value in facts.items() if name not in ("copy_start", "copy_end")}


def _medium(medium: Medium) -> list[object]:
    return [medium.key, medium.kind, medium.role, medium.start_seconds]


def _brand(brand: Brand) -> list[object]:
    logo = brand.logo_key or (_digest(brand.logo) if brand.logo is not None else None)
    return [brand.rgb_colors, logo, brand.tone, brand.font]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
