"""The way from a brief to a film, as a client of the API goes it; each step is shown as it happens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adreel_render.engine.spec import Canvas

from adreel_embedded.demo.api import Answer, Api
from adreel_embedded.demo.errors import CallRefusedError, JobEndedError
from adreel_embedded.demo.examples import Body, Examples
from adreel_embedded.demo.film_check import check_companions, check_film
from adreel_embedded.demo.screen import Screen

REWRITTEN_SCENE = 2
FEEDBACK = "Make it calmer and show the sunset."
PAID_BACKENDS = ("replicate", "gemini")

_ENDED = ("completed", "failed", "cancelled")
_LOOK_EVERY_SECONDS = 0.2
_STORYBOARD_SECONDS = 180.0


@dataclass(frozen=True)
class Wishes:
    """What the caller wants otherwise than the brief has it, and where the results go."""

    out: Path
    duration_seconds: float | None = None
    resolution: str | None = None


@dataclass
class Walk:
    """One job from its brief to its film. `job_id` is set as soon as there is a job to cancel."""

    api: Api
    screen: Screen
    examples: Examples
    photo_address: str
    wishes: Wishes
    job_id: str = ""

    async def go(self) -> None:
        """All of it. Raises an EmbeddedError that says where it ended; a job that is under way is then cancelled."""
        try:
            await self._go()
        except BaseException:
            await self._give_up()
            raise

    async def _go(self) -> None:
        with self.screen.step("Client, campaign and job"):
            brief = await self._brief()
            job = await self.api.post("/jobs", brief, prefer="respond-async")
            self.job_id = job["id"]
            self.screen.line(f"job {self.job_id}")
        with self.screen.step("Assets and storyboard"):
            job = await self._until_reviewed(shown=set())
            names = {asset["id"]: asset["name"] for asset in job["assets"]}
            self.screen.storyboard(job["scenes"], names)
        with self.screen.step(f"Scene {REWRITTEN_SCENE} again: {FEEDBACK!r}"):
            job = await self._rewrite(job)
        with self.screen.step("Film"):
            await self._act({"action": "approve_storyboard", "storyboardVersion": job["storyboard"]["version"]})
            job = await self._until_ended()
        with self.screen.step("Results"):
            await self._collect(job, brief["video"])
        with self.screen.step("Cost"):
            await self._costs(job, brief)

    async def _brief(self) -> Body:
        client = await self._found_or_made("/clients", self.examples.client(), "client")
        campaign = self.examples.campaign(client["id"])
        campaign_id = (await self._found_or_made("/campaigns", campaign, "campaign", clientId=client["id"]))["id"]
        brief = self.examples.brief(self.photo_address)
        brief["context"] = {**brief.get("context", {}), "clientId": client["id"], "campaignId": campaign_id}
        video = brief.setdefault("video", {})
        if self.wishes.duration_seconds is not None:
            video["durationSeconds"] = self.wishes.duration_seconds
        if self.wishes.resolution is not None:
            video["resolution"] = self.wishes.resolution
        return brief

    async def _found_or_made(self, path: str, body: Body, what: str, **filters: str) -> Answer:
        known = await self.api.get(path, limit="200", **filters)
        found: Answer | None = next((entry for entry in known if entry["name"] == body["name"]), None)
        entry: Answer = found or await self.api.post(path, body)
        self.screen.line(f"{what} {entry['name']}{' (from an earlier run)' if found else ''}")
        return entry

    async def _until_reviewed(self, shown: set[str]) -> Answer:
        """The job once its storyboard waits for a person; assets that are not in `shown` are shown as they arrive."""
        async with _limit(_STORYBOARD_SECONDS, "The storyboard was not written in time."):
            while True:
                job = await self._job()
                for asset in job["assets"]:
                    if asset["status"] != "pending" and asset["id"] not in shown:
                        shown.add(asset["id"])
                        self.screen.line(_asset_line(asset))
                if job["status"] == "storyboard_review" and job["phase"] is None:
                    return job
                if job["status"] in _ENDED:
                    raise _ended(job)
                await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _rewrite(self, job: Answer) -> Answer:
        before = job["scenes"][REWRITTEN_SCENE - 1]
        await self._act({"action": "regenerate_scene", "sceneNumber": REWRITTEN_SCENE, "feedback": FEEDBACK})
        job = await self._until_reviewed(shown={asset["id"] for asset in job["assets"]})
        self.screen.before_and_after(before, job["scenes"][REWRITTEN_SCENE - 1])
        return job

    async def _until_ended(self) -> Answer:
        with self.screen.progress() as line:
            async for change in self.api.changes(self.job_id):
                if change.data.get("status") == "rendering":
                    line.show(change.data["progress"])
        job = await self._job()
        if job["status"] != "completed":
            raise _ended(job)
        return job

    async def _collect(self, job: Answer, video: Answer) -> None:
        out = self.wishes.out
        out.mkdir(parents=True, exist_ok=True)
        film, poster, captions = out / "ad.mp4", out / "ad.jpg", out / "ad.vtt"
        await self.api.download(_below_version(job["videoUrl"]), film)
        await self.api.download(_below_version(job["posterUrl"]), poster)
        if job["captionsUrl"]:
            await self.api.download(_below_version(job["captionsUrl"]), captions)
        canvas = Canvas.of(video["aspectRatio"], video["resolution"], video["fps"])
        facts = await asyncio.to_thread(check_film, film, canvas, float(video["durationSeconds"]))
        check_companions(poster, captions if job["captionsUrl"] else None)
        self.screen.line(f"film      {film}")
        self.screen.line(f"          checked: {facts}")
        self.screen.line(f"poster    {poster}")
        if job["captionsUrl"]:
            self.screen.line(f"captions  {captions}")

    async def _costs(self, job: Answer, brief: Body) -> None:
        cost = job["cost"]
        self.screen.line(f"this film: {cost['actual']} {cost['currency']}, made on this machine")
        for backend in PAID_BACKENDS:
            body = {**brief, "video": {**brief["video"], "backend": backend}}
            estimate = (await self.api.post("/jobs/dry-run", body))["cost"]
            self.screen.line(f"with {backend}: {estimate['estimated']} {estimate['currency']}")
            for entry in estimate["lines"]:
                self.screen.line(f"  {entry['amount']:>8}  {entry['description']}")

    async def _job(self) -> Answer:
        job: Answer = await self.api.get(f"/jobs/{self.job_id}")
        return job

    async def _act(self, action: Body) -> Any:
        return await self.api.post(f"/jobs/{self.job_id}/actions", action)

    async def _give_up(self) -> None:
        """Else the stack's next start would go on with a job that nobody waits for."""
        if self.job_id:
            with contextlib.suppress(CallRefusedError, TimeoutError):
                async with asyncio.timeout(5):
                    await self._act({"action": "cancel", "reason": "The demo was stopped."})


@contextlib.asynccontextmanager
async def _limit(seconds: float, message: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise JobEndedError(message) from None


def _below_version(url: str) -> str:
    return url.removeprefix("/api/v3")


def _asset_line(asset: Answer) -> str:
    if asset["status"] == "ready":
        return f"{asset['name']}: {asset['format']}, {asset['width']}x{asset['height']}, {asset['size'] / 1e6:.2f} MB"
    error = asset["error"] or {}
    return f"{asset['name']}: not usable, {error.get('code')}: {error.get('message')}"


def _ended(job: Answer) -> JobEndedError:
    error = job["error"] or {}
    why = f": {error['code']}, {error['message']}" if error else ""
    return JobEndedError(f"The job {job['id']} ended as {job['status']}{why}")
