"""The video stand-in as a newcomer runs it: a process that prints its settings, keeps its books and takes faults."""

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

ORDER = {"input": {"prompt": "A lamp.", "duration": 4, "generate_audio": False}}
VEO = "/models/google/veo-3.1/predictions"


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[dict[str, str], httpx.AsyncClient]]:
    """The settings that it printed, and a client with its key at its Replicate."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adreel_testkit.standins", "--port", "0", "--folder", str(folder), "--work-seconds", "0",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            lines = [(await process.stdout.readline()).decode() for _ in range(7)]
        settings = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
        headers = {"authorization": f"Bearer {settings['REPLICATE_API_TOKEN']}"}
        async with httpx.AsyncClient(
            base_url=settings["REPLICATE_BASE_URL"], headers=headers, trust_env=False, timeout=30
        ) as client:
            yield settings, client
    finally:
        process.terminate()
        async with asyncio.timeout(30):
            assert await process.wait() == 0


async def test_it_prints_its_settings_makes_clips_and_keeps_its_books(tmp_path: Path) -> None:
    async with running(tmp_path) as (settings, client):
        assert set(settings) == {
            "REPLICATE_API_TOKEN", "REPLICATE_BASE_URL", "GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL",
            "PROVIDER_OUTPUT_ALLOWED_HOSTS", "AI_PROVIDER",
        }  # fmt: skip
        made = (await client.post(VEO, json=ORDER)).json()
        output = (await client.get(f"/predictions/{made['id']}")).json()["output"]
        assert output.startswith(f"http://{settings['PROVIDER_OUTPUT_ALLOWED_HOSTS']}/")
        assert (await client.get(output)).content[4:8] == b"ftyp"
        fault = [{"kind": "status", "status": 503}]
        await client.post(f"{settings['GOOGLE_GEMINI_BASE_URL']}/__standin/faults", json=fault)
        assert (await client.post(VEO, json=ORDER)).status_code == 503

    async with running(tmp_path) as (settings, client):
        (booked,) = (await client.get(f"{settings['GOOGLE_GEMINI_BASE_URL']}/__standin/creations")).json()
        assert (booked["id"], booked["price_micros"], booked["is_charged"]) == (made["id"], 800_000, True)


async def test_sound_and_resolution_are_charged_as_providers_do(tmp_path: Path) -> None:
    async with running(tmp_path) as (settings, client):
        with_sound = ORDER["input"] | {"generate_audio": True}
        await client.post(VEO, json={"input": with_sound})
        gemini = settings["GOOGLE_GEMINI_BASE_URL"]
        for resolution in ("720p", "1080p"):
            wanted = {"type": "video", "duration": "5s", "resolution": resolution}
            await client.post(
                f"{gemini}/v1beta/interactions",
                json={"model": "gemini-omni-1.2-flash", "input": "A lamp.", "response_format": wanted},
                headers={"x-goog-api-key": settings["GEMINI_API_KEY"]},
            )
        books = (await client.get(f"{gemini}/__standin/creations")).json()
        assert [one["price_micros"] for one in books] == [1_600_000, 350_000, 525_000]
