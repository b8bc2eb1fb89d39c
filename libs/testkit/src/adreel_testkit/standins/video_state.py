"""What the video stand-in knows between requests: books, faults ordered, files made, and who is called back."""

import asyncio
import time
from pathlib import Path

import httpx

from adreel_testkit.standins import video_gemini, video_replicate
from adreel_testkit.standins.video_faults import Faults
from adreel_testkit.standins.video_ledger import Creation, VideoLedger
from adreel_testkit.standins.video_media import make_clip, make_picture


class VideoState:
    """Books, faults and what is common to all requests. `work_seconds` is how long a creation takes."""

    def __init__(self, folder: Path | None = None, *, work_seconds: float = 0.0) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.ledger = VideoLedger(folder / "creations.jsonl" if folder else None)
        self.faults = Faults()
        self.work_seconds = work_seconds
        self.retired_models: set[str] = set()
        self.webhook_secret = "whsec_" + "c3RhbmRpbi1zZWNyZXQtb2YtdGVzdHM="
        self.clip_limit_seconds: float | None = None
        self.requests: list[tuple[str, str]] = []
        self._clips: dict[tuple[float, str, int, bool], bytes] = {}
        self._callbacks: set[asyncio.Task[None]] = set()

    def film(self, creation: Creation) -> bytes:
        """The file a creation made: the same bytes each time it is asked for."""
        if creation.outcome == "garbage":
            return b"\0\0\0\x18ftypmp42" + b"this is no film at all" * 40
        seed = int(creation.id[-6:], 16) if _is_hex(creation.id[-6:]) else 0
        inputs = creation.inputs
        if creation.provider == "replicate" and not creation.model.startswith("google/veo"):
            kind = "JPEG" if inputs.get("output_format", "jpg") == "jpg" else "PNG"
            return make_picture(aspect_ratio=inputs.get("aspect_ratio", "1:1"), seed=seed, image_format=kind)
        wanted = inputs.get("response_format", inputs)
        seconds = _seconds(creation)
        if self.clip_limit_seconds is not None:
            seconds = min(seconds, self.clip_limit_seconds)
        key = (seconds, wanted.get("aspect_ratio", "16:9"), seed, bool(inputs.get("generate_audio", True)))
        if key not in self._clips:
            self._clips[key] = make_clip(key[0], aspect_ratio=key[1], seed=key[2], with_audio=key[3])
        return self._clips[key]

    def call_back(self, creation: Creation, address: str, base_url: str) -> None:
        """Tell `address` of the start and of the end, signed, whether or not anyone is there."""
        task = asyncio.create_task(self._call_back(creation, address, base_url))
        self._callbacks.add(task)
        task.add_done_callback(self._callbacks.discard)

    async def _call_back(self, creation: Creation, address: str, base_url: str) -> None:
        await asyncio.sleep(max(0.0, creation.ends_at - time.time()) + 0.02)
        now = time.time()
        body = video_replicate.webhook_body(creation, base_url, now)
        headers = video_replicate.signed_headers(self.webhook_secret, f"msg_{creation.id}", body, now)
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            try:
                await client.post(address, content=body, headers=headers)
            except httpx.HTTPError:
                return


def _seconds(creation: Creation) -> float:
    if creation.provider == "gemini":
        return video_gemini.seconds_of(creation.inputs)
    return video_replicate.clip_seconds(creation.model, creation.inputs)


def _is_hex(text: str) -> bool:
    return all(letter in "0123456789abcdef" for letter in text)
