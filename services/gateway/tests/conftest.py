# ruff: noqa: N802  # method names are the protos'
"""The gateway over HTTP, in front of stand-ins for its neighbours, with a database of its own per test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from adreel.assets.v1 import assets_pb2, assets_pb2_grpc
from adreel.common.v1 import common_pb2
from adreel.jobs.v1 import jobs_pb2, jobs_pb2_grpc
from adreel.render.v1 import music_video_pb2, music_video_pb2_grpc, render_pb2, render_pb2_grpc
from adreel.scenes.v1 import scenes_pb2, scenes_pb2_grpc
from adreel_gateway.bootstrap import MIGRATIONS, Links, build_http, build_runtime
from adreel_gateway.settings import GatewaySettings
from adreel_kit.errors import AppError, Conflict, ErrorKind, Invalid, NotFound
from adreel_kit.health import serve_asgi
from adreel_kit.ids import new_id, parse_id
from adreel_kit.logging import configure_logging
from adreel_kit.migrations import migrate
from adreel_kit.rpc import RpcServer
from adreel_kit.settings import load_settings
from adreel_testkit.pytest_plugin import adreel_stack, postgres_server  # noqa: F401  # fixtures

# Not the default of structlog, which draws every local variable of a traceback and takes a minute for it.
configure_logging(service="gateway", process="test", level="ERROR")

CONTENT = bytes(range(256)) * 4096  # 1 MiB


def stamp(message: Any, *names: str) -> Any:
    for name in names:
        getattr(message, name).FromSeconds(1_770_000_000)
    return message


class NotAllowed(Conflict):
    code = "ACTION_NOT_ALLOWED"


class Mismatch(AppError):
    kind = ErrorKind.INVALID
    code = "ASSET_TYPE_MISMATCH"
    http_status = 415


@dataclass
class FakeJobs(jobs_pb2_grpc.JobsServiceServicer):
    """Keeps clients, campaigns and jobs in memory; tests move jobs on with `change`."""

    clients: dict[str, jobs_pb2.Client] = field(default_factory=dict)
    campaigns: dict[str, jobs_pb2.Campaign] = field(default_factory=dict)
    jobs: dict[str, jobs_pb2.Job] = field(default_factory=dict)
    changes: dict[str, list[jobs_pb2.WatchJobResponse]] = field(default_factory=dict)
    by_request: dict[str, str] = field(default_factory=dict)
    create_calls: list[jobs_pb2.CreateJobRequest] = field(default_factory=list)
    actions: list[jobs_pb2.ApplyActionRequest] = field(default_factory=list)
    previews: list[str] = field(default_factory=list)
    settle_after: float | None = 0.05
    hold: asyncio.Event | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def _client(self, reference: str, scope: str) -> jobs_pb2.Client:
        for client in self.clients.values():
            if reference in (client.id, client.external_id) and (not scope or client.id == scope):
                return client
        raise NotFound("There is no such client.", details={"clientId": reference})

    async def CreateClient(self, request: Any, context: Any) -> Any:
        client = jobs_pb2.Client(id=str(new_id()), **fields(request.fields))
        self.clients[client.id] = stamp(client, "created_at", "updated_at")
        return jobs_pb2.CreateClientResponse(client=client)

    async def GetClient(self, request: Any, context: Any) -> Any:
        return jobs_pb2.GetClientResponse(client=self._client(request.client_id, request.scope_client_id))

    async def ListClients(self, request: Any, context: Any) -> Any:
        found = [
            client
            for client in self.clients.values()
            if request.query.lower() in client.name.lower() and request.scope_client_id in ("", client.id)
        ]
        page, info = paged(found, request.page)
        return jobs_pb2.ListClientsResponse(clients=page, page=info)

    async def ReplaceClient(self, request: Any, context: Any) -> Any:
        old = self._client(request.client_id, request.scope_client_id)
        client = jobs_pb2.Client(id=old.id, external_id=old.external_id, **fields(request.fields))
        self.clients[client.id] = stamp(client, "created_at", "updated_at")
        return jobs_pb2.ReplaceClientResponse(client=client)

    async def DeleteClient(self, request: Any, context: Any) -> Any:
        client = self._client(request.client_id, request.scope_client_id)
        if not request.force and any(c.client_id == client.id for c in self.campaigns.values()):
            raise Conflict("The client has campaigns.", details={"campaigns": 1})
        del self.clients[client.id]
        return jobs_pb2.DeleteClientResponse(client_id=client.id)

    async def GetClientStats(self, request: Any, context: Any) -> Any:
        client = self._client(request.client_id, request.scope_client_id)
        stats = jobs_pb2.Stats(
            campaigns=2,
            jobs_by_status={"completed": 3},
            seconds_rendered=61.5,
            estimated=common_pb2.Money(currency="USD", micros=3_020_000),
            actual=common_pb2.Money(currency="USD", micros=125),
        )
        return jobs_pb2.GetClientStatsResponse(stats=stats, client_id=client.id)

    async def CreateCampaign(self, request: Any, context: Any) -> Any:
        campaign = jobs_pb2.Campaign(id=str(new_id()), **fields(request.fields))
        self.campaigns[campaign.id] = stamp(campaign, "created_at", "updated_at")
        return jobs_pb2.CreateCampaignResponse(campaign=campaign)

    def _campaign(self, campaign_id: str, scope: str) -> jobs_pb2.Campaign:
        campaign = self.campaigns.get(campaign_id)
        if campaign is None or scope not in ("", campaign.client_id):
            raise NotFound("There is no such campaign.")
        return campaign

    async def GetCampaign(self, request: Any, context: Any) -> Any:
        return jobs_pb2.GetCampaignResponse(campaign=self._campaign(request.campaign_id, request.scope_client_id))

    async def ListCampaigns(self, request: Any, context: Any) -> Any:
        found = [c for c in self.campaigns.values() if request.client_id in ("", c.client_id)]
        page, info = paged(found, request.page)
        return jobs_pb2.ListCampaignsResponse(campaigns=page, page=info)

    async def ReplaceCampaign(self, request: Any, context: Any) -> Any:
        old = self._campaign(request.campaign_id, request.scope_client_id)
        campaign = jobs_pb2.Campaign(id=old.id, **fields(request.fields))
        self.campaigns[old.id] = stamp(campaign, "created_at", "updated_at")
        return jobs_pb2.ReplaceCampaignResponse(campaign=campaign)

    async def DeleteCampaign(self, request: Any, context: Any) -> Any:
        del self.campaigns[self._campaign(request.campaign_id, request.scope_client_id).id]
        return jobs_pb2.DeleteCampaignResponse(campaign_id=request.campaign_id)

    async def GetCampaignStats(self, request: Any, context: Any) -> Any:
        self._campaign(request.campaign_id, request.scope_client_id)
        return jobs_pb2.GetCampaignStatsResponse(stats=jobs_pb2.Stats())

    async def CreateJob(self, request: Any, context: Any) -> Any:
        self.create_calls.append(request)
        if self.hold is not None:
            await self.hold.wait()
        if request.request_id in self.by_request:
            return jobs_pb2.CreateJobResponse(job=self.jobs[self.by_request[request.request_id]])
        reference = request.input.context.client_id
        try:
            client_id = self._client(reference, request.scope_client_id).id
        except NotFound:
            if not request.adopt_unknown_client:
                raise
            client_id = str(new_id())
            client = jobs_pb2.Client(id=client_id, external_id=reference, name=reference)
            self.clients[client_id] = stamp(client, "created_at", "updated_at")
        job = jobs_pb2.Job(
            id=str(new_id()),
            status=jobs_pb2.JOB_STATUS_PENDING,
            phase="ingesting_assets",
            client_id=client_id,
            input=request.input,
            version=1,
            progress=jobs_pb2.Progress(eta_seconds=-1),
            cost=jobs_pb2.Cost(currency="USD", estimated_micros=3_020_000),
        )
        for asset in request.input.assets:
            job.assets.add(
                asset_id=asset.asset_id or str(new_id()),
                status="pending",
                name=asset.name,
                type=asset.type,
                role=asset.role,
                source_url=asset.url,
            )
        self.jobs[job.id] = stamp(job, "created_at", "updated_at")
        self.changes[job.id] = []
        self.by_request[request.request_id] = job.id
        if self.settle_after is not None:
            task = asyncio.create_task(self._settle(job.id))
            self.tasks.add(task)
        answer = jobs_pb2.Job()
        answer.CopyFrom(job)
        return jobs_pb2.CreateJobResponse(job=answer)

    async def _settle(self, job_id: str) -> None:
        await asyncio.sleep(self.settle_after or 0)
        await self.change(job_id, jobs_pb2.JOB_STATUS_STORYBOARD_REVIEW)

    async def change(
        self,
        job_id: str,
        status: int | None = None,
        *,
        phase: str = "",
        kind: int = jobs_pb2.CHANGE_KIND_STATUS,
        scene_number: int = 0,
    ) -> None:
        job = self.jobs[job_id]
        job.version += 1
        job.phase = phase
        if status is not None:
            job.status = status
            job.storyboard.version = job.storyboard.version or 1
        self.changes[job_id].append(
            jobs_pb2.WatchJobResponse(
                job_id=job_id,
                version=job.version,
                kind=kind,
                status=job.status,
                phase=phase,
                progress=job.progress,
                scene_number=scene_number,
            )
        )
        async with self.changed:
            self.changed.notify_all()

    def _job(self, job_id: str, scope: str) -> jobs_pb2.Job:
        job = self.jobs.get(job_id)
        if job is None or scope not in ("", job.client_id):
            raise NotFound("There is no such job.", details={"jobId": job_id})
        return job

    async def GetJob(self, request: Any, context: Any) -> Any:
        return jobs_pb2.GetJobResponse(job=self._job(request.job_id, request.scope_client_id))

    async def RequestPreview(self, request: Any, context: Any) -> Any:
        self._job(request.job_id, request.scope_client_id)
        self.previews.append(request.job_id)
        return jobs_pb2.RequestPreviewResponse(job_id=request.job_id)

    async def ListJobs(self, request: Any, context: Any) -> Any:
        found = [
            job
            for job in reversed(self.jobs.values())
            if request.client_id in ("", job.client_id)
            and request.status in (0, job.status)
            and request.scope_client_id in ("", job.client_id)
        ]
        page, info = paged(found, request.page)
        return jobs_pb2.ListJobsResponse(jobs=page, page=info)

    async def ApplyAction(self, request: Any, context: Any) -> Any:
        job = self._job(request.job_id, request.scope_client_id)
        self.actions.append(request)
        if job.status != jobs_pb2.JOB_STATUS_STORYBOARD_REVIEW:
            raise NotAllowed("This is not open now.", details={"open": ["cancel"]})
        if request.action == "regenerate_scene":
            job.phase = "rewriting_scene"
            job.version += 1
            if self.settle_after is not None:
                self.tasks.add(asyncio.create_task(self._settle(job.id)))
        answer = jobs_pb2.Job()
        answer.CopyFrom(job)
        return jobs_pb2.ApplyActionResponse(job=answer)

    async def WatchJob(self, request: Any, context: Any) -> AsyncIterator[Any]:
        self._job(request.job_id, request.scope_client_id)
        sent = request.after_version
        while True:
            for change in self.changes[request.job_id]:
                if change.version > sent:
                    sent = change.version
                    yield change
                    if change.kind == jobs_pb2.CHANGE_KIND_END:
                        return
            async with self.changed:
                await self.changed.wait()


@dataclass
class FakeAssets(assets_pb2_grpc.AssetsServiceServicer):
    """Keeps assets and their bytes in memory."""

    assets: dict[str, assets_pb2.Asset] = field(default_factory=dict)
    content: dict[str, bytes] = field(default_factory=dict)
    uploads: list[assets_pb2.UploadHeader] = field(default_factory=list)
    chunk_sizes: list[int] = field(default_factory=list)
    refuse_early: bool = False

    def add(self, content: bytes = CONTENT, **values: Any) -> assets_pb2.Asset:
        import hashlib

        asset = assets_pb2.Asset(
            **{
                "id": str(new_id()),
                "name": "Product shot.jpg",
                "type": assets_pb2.ASSET_TYPE_IMAGE,
                "format": "jpeg",
                "content_type": "image/jpeg",
                "status": assets_pb2.ASSET_STATUS_READY,
                "size_bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "is_inline_safe": True,
                "has_thumbnail": True,
            }
            | values
        )
        self.assets[asset.id] = stamp(asset, "created_at")
        self.content[asset.id] = content
        return asset

    def _asset(self, asset_id: str, scope: str = "") -> assets_pb2.Asset:
        asset = self.assets.get(asset_id)
        if asset is None or scope not in ("", asset.client_id):
            raise NotFound("There is no such asset.")
        return asset

    async def CreateAssetFromUrl(self, request: Any, context: Any) -> Any:
        if "missing" in request.url:
            error = Invalid("The server answered with HTTP status 404.", details={"status": 404})
            error.code = "ASSET_HTTP_ERROR"
            raise error
        values = fields(request.fields)
        return assets_pb2.CreateAssetFromUrlResponse(asset=self.add(source_url=request.url, **values))

    async def UploadAsset(self, requests: Any, context: Any) -> Any:
        header: Any = None
        content = b""
        is_complete = False
        async for request in requests:
            if request.WhichOneof("part") == "header":
                header = request.header
            elif request.WhichOneof("part") == "footer":
                is_complete = request.footer.size_bytes == len(content)
            else:
                self.chunk_sizes.append(len(request.content))
                content += request.content
                if self.refuse_early:
                    raise Mismatch("The bytes are not an image.")
        if not is_complete:
            raise Invalid("The upload was cut off.")
        self.uploads.append(header)
        values = fields(header.fields)
        values["name"] = values.get("name") or header.file_name
        return assets_pb2.UploadAssetResponse(asset=self.add(content, **values))

    async def GetAsset(self, request: Any, context: Any) -> Any:
        return assets_pb2.GetAssetResponse(asset=self._asset(request.asset_id, request.scope_client_id))

    async def BatchGetAssets(self, request: Any, context: Any) -> Any:
        return assets_pb2.BatchGetAssetsResponse(
            assets=[self.assets[asset_id] for asset_id in request.asset_ids if asset_id in self.assets]
        )

    async def ListAssets(self, request: Any, context: Any) -> Any:
        found = [
            asset
            for asset in self.assets.values()
            if request.client_id in ("", asset.client_id) and request.type in (0, asset.type)
        ]
        page, info = paged(found, request.page)
        return assets_pb2.ListAssetsResponse(assets=page, page=info)

    async def DeleteAsset(self, request: Any, context: Any) -> Any:
        del self.assets[self._asset(request.asset_id, request.scope_client_id).id]
        return assets_pb2.DeleteAssetResponse(asset_id=request.asset_id)

    async def ReadAsset(self, request: Any, context: Any) -> AsyncIterator[Any]:
        content = self.content[self._asset(request.asset_id, request.scope_client_id).id]
        end = request.start + request.length if request.length else len(content)
        for start in range(request.start, end, 262_144):
            piece = content[start : min(start + 262_144, end)]
            yield assets_pb2.ReadAssetResponse(chunk=common_pb2.Chunk(content=piece))

    async def GetThumbnail(self, request: Any, context: Any) -> Any:
        self._asset(request.asset_id, request.scope_client_id)
        return assets_pb2.GetThumbnailResponse(content=b"RIFFwebp", content_type="image/webp", sha256="ab" * 32)

    async def GetAssetStats(self, request: Any, context: Any) -> Any:
        return assets_pb2.GetAssetStatsResponse(by_type={"image": assets_pb2.TypeStats(count=4, size_bytes=1000)})


class StaleRevision(AppError):
    kind = ErrorKind.CONFLICT
    code = "REVISION_MISMATCH"
    http_status = 412


@dataclass
class FakeScenes(scenes_pb2_grpc.ScenesServiceServicer):
    """Keeps storyboards in memory."""

    boards: dict[str, scenes_pb2.Storyboard] = field(default_factory=dict)
    updates: list[scenes_pb2.UpdateSceneRequest] = field(default_factory=list)
    music_tasks: dict[str, scenes_pb2.MusicTask] = field(default_factory=dict)
    music_orders: list[scenes_pb2.CreateMusicScenesRequest] = field(default_factory=list)
    # What becomes of the next task: it ends at once, in this failure if there is one, or is refused.
    music_ends: bool = True
    music_failure: common_pb2.ErrorDetail | None = None
    music_error: AppError | None = None
    music_client: str = ""

    def write(self, job_id: str, count: int = 3) -> scenes_pb2.Storyboard:
        board = scenes_pb2.Storyboard(job_id=job_id, version=1, generator="template", duration_seconds=30)
        for number in range(1, count + 1):
            scene = board.scenes.add(
                id=str(new_id()),
                scene_number=number,
                duration_seconds=30 / count,
                description=f"Scene {number}",
                script="Line",
                shot_type="wide",
                transition="cut",
                revision=1,
                generator="template",
            )
            scene.metadata.update({"shots": 2, "zoom": 1.5})
            stamp(scene, "created_at", "updated_at")
        self.boards[job_id] = board
        return board

    def _scene(self, job_id: str, number: int) -> scenes_pb2.Scene:
        for scene in self.boards[job_id].scenes if job_id in self.boards else ():
            if scene.scene_number == number:
                return scene
        raise NotFound("There is no such scene.")

    async def GetStoryboard(self, request: Any, context: Any) -> Any:
        return scenes_pb2.GetStoryboardResponse(storyboard=self.boards.get(request.job_id))

    async def UpdateScene(self, request: Any, context: Any) -> Any:
        scene = self._scene(request.job_id, request.scene_number)
        self.updates.append(request)
        if request.expected_revision not in (0, scene.revision):
            raise StaleRevision("The scene was changed meanwhile.")
        for name in ("duration_seconds", "description", "script", "shot_type", "transition"):
            if request.patch.HasField(name):
                setattr(scene, name, getattr(request.patch, name))
        scene.revision += 1
        scene.generator = "user"
        return scenes_pb2.UpdateSceneResponse(scene=scene)

    async def AddScene(self, request: Any, context: Any) -> Any:
        board = self.boards[request.job_id]
        scene = board.scenes.add(id=str(new_id()), scene_number=len(board.scenes) + 1, revision=1)
        stamp(scene, "created_at", "updated_at")
        return scenes_pb2.AddSceneResponse(storyboard=board)

    async def DeleteScene(self, request: Any, context: Any) -> Any:
        board = self.boards[request.job_id]
        board.scenes.remove(self._scene(request.job_id, request.scene_number))
        return scenes_pb2.DeleteSceneResponse(storyboard=board)

    async def ReorderScenes(self, request: Any, context: Any) -> Any:
        board = self.boards[request.job_id]
        places = {number: place for place, number in enumerate(request.scene_numbers, start=1)}
        for scene in board.scenes:
            scene.scene_number = places[scene.scene_number]
        return scenes_pb2.ReorderScenesResponse(storyboard=board)

    async def ListRevisions(self, request: Any, context: Any) -> Any:
        scene = self._scene(request.job_id, request.scene_number)
        revision = scenes_pb2.Revision(revision=1, scene=scene, actor="template", cause="write")
        return scenes_pb2.ListRevisionsResponse(revisions=[stamp(revision, "at")])

    async def RestoreRevision(self, request: Any, context: Any) -> Any:
        return scenes_pb2.RestoreRevisionResponse(scene=self._scene(request.job_id, request.scene_number))

    async def EstimateStoryboard(self, request: Any, context: Any) -> Any:
        line = common_pb2.CostLine(kind="storyboard", quantity=1200, unit="tokens", amount_micros=1500)
        return scenes_pb2.EstimateStoryboardResponse(expected_scenes=4, generator="template", lines=[line])

    async def CreateMusicScenes(self, request: Any, context: Any) -> Any:
        if self.music_error is not None:
            raise self.music_error
        self.music_orders.append(request)
        task = self.music_tasks.setdefault(
            request.task_id,
            scenes_pb2.MusicTask(
                id=request.task_id,
                state=scenes_pb2.MUSIC_TASK_STATE_PENDING,
                backend="template",
                idea=request.fields.idea,
            ),
        )
        task.parameters_used.update({"number_of_scenes": 2, "output_dir": request.fields.output_dir})
        if self.music_ends:
            self.end_music(task)
        return scenes_pb2.CreateMusicScenesResponse(task=task)

    async def GetMusicScenes(self, request: Any, context: Any) -> Any:
        task = self.music_tasks.get(request.task_id)
        if task is None or request.client_id not in ("", self.music_client):
            raise NotFound("There is no such task.")
        left = request.wait_seconds
        while left > 0 and task.state == scenes_pb2.MUSIC_TASK_STATE_PENDING:
            await asyncio.sleep(0.02)
            left -= 0.02
        return scenes_pb2.GetMusicScenesResponse(task=task)

    def end_music(self, task: scenes_pb2.MusicTask) -> None:
        if self.music_failure is not None:
            task.state = scenes_pb2.MUSIC_TASK_STATE_FAILED
            task.error.CopyFrom(self.music_failure)
            return
        task.state = scenes_pb2.MUSIC_TASK_STATE_COMPLETED
        del task.scenes[:]
        for number in (1, 2):
            task.scenes.add(description=f"Scene {number}", negative_description="text")
        task.json_file, task.markdown_file = "out/scenes.json", "out/scenes.md"


@dataclass
class FakeRender(render_pb2_grpc.RenderServiceServicer):
    """Keeps media in memory; `replicate` lacks its key."""

    media: dict[tuple[str, int], render_pb2.Media] = field(default_factory=dict)
    content: dict[tuple[str, int], bytes] = field(default_factory=dict)
    webhooks: list[Any] = field(default_factory=list)
    webhook_refusal: Exception | None = None

    def add(self, job_id: str, kind: int, content: bytes = CONTENT, content_type: str = "video/mp4") -> None:
        import hashlib

        media = render_pb2.Media(
            kind=kind,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            content_type=content_type,
            duration_seconds=30,
        )
        self.media[job_id, kind] = stamp(media, "created_at")
        self.content[job_id, kind] = content

    async def GetMedia(self, request: Any, context: Any) -> Any:
        media = self.media.get((request.job_id, request.kind))
        if media is None:
            raise NotFound("There is none.")
        return render_pb2.GetMediaResponse(media=media)

    async def ReadMedia(self, request: Any, context: Any) -> AsyncIterator[Any]:
        content = self.content[request.job_id, request.kind]
        end = request.start + request.length if request.length else len(content)
        for start in range(request.start, end, 262_144):
            piece = content[start : min(start + 262_144, end)]
            yield render_pb2.ReadMediaResponse(chunk=common_pb2.Chunk(content=piece))

    async def ListTakes(self, request: Any, context: Any) -> Any:
        take = render_pb2.Take(id=str(new_id()), scene_number=request.scene_number, backend="local", is_selected=True)
        return render_pb2.ListTakesResponse(takes=[stamp(take, "created_at")])

    async def SelectTake(self, request: Any, context: Any) -> Any:
        take = render_pb2.Take(id=request.take_id, scene_number=request.scene_number, is_selected=True)
        return render_pb2.SelectTakeResponse(take=stamp(take, "created_at"))

    async def EstimateRender(self, request: Any, context: Any) -> Any:
        line = common_pb2.CostLine(kind="video", quantity=30, unit="seconds", amount_micros=3_000_000)
        return render_pb2.EstimateRenderResponse(lines=[line], total_micros=3_000_000)

    async def ReceiveProviderWebhook(self, request: Any, context: Any) -> Any:
        if self.webhook_refusal is not None:
            raise self.webhook_refusal
        self.webhooks.append(request)
        return render_pb2.ReceiveProviderWebhookResponse()

    async def ListBackends(self, request: Any, context: Any) -> Any:
        return render_pb2.ListBackendsResponse(
            backends=[
                render_pb2.Backend(name="local", is_available=True),
                render_pb2.Backend(name="replicate", problem="MISSING_API_KEY"),
            ],
            default_backend="local",
        )


@dataclass
class FakeMusicVideo(music_video_pb2_grpc.MusicVideoServiceServicer):
    """Keeps music-video tasks in memory; they end at once unless `ends` is off, and as `failure` says."""

    tasks: dict[str, music_video_pb2.MvTask] = field(default_factory=dict)
    orders: list[music_video_pb2.CreateMvTaskRequest] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    ends: bool = True
    failure: common_pb2.ErrorDetail | None = None
    refusal: AppError | None = None
    content: bytes = CONTENT

    async def CreateMvTask(self, request: Any, context: Any) -> Any:
        self.orders.append(request)
        if self.refusal is not None:
            raise self.refusal
        if request.id not in self.tasks:
            kind = {"image": 1, "video": 2, "merge": 3}[request.WhichOneof("order")]
            task = music_video_pb2.MvTask(id=request.id, kind=kind, state=2, progress=0.25, backend="local")
            self.tasks[request.id] = stamp(task, "created_at")
            if self.ends:
                self.end(task)
        return music_video_pb2.CreateMvTaskResponse(task=self.tasks[request.id])

    def end(self, task: music_video_pb2.MvTask) -> None:
        """The task has ended."""
        import hashlib

        stamp(task, "finished_at")
        if self.failure is not None:
            task.state = music_video_pb2.MV_TASK_STATE_FAILED
            task.error.CopyFrom(self.failure)
            return
        task.state = music_video_pb2.MV_TASK_STATE_COMPLETED
        task.progress = 1
        is_image = task.kind == music_video_pb2.MV_TASK_KIND_IMAGE
        task.path = "character_reference/character_ref_1.png" if is_image else f"videos/{task.id}.mp4"
        task.media.CopyFrom(
            music_video_pb2.MvMedia(
                sha256=hashlib.sha256(self.content).hexdigest(),
                size_bytes=len(self.content),
                content_type="image/png" if is_image else "video/mp4",
            )
        )
        own = {"character_description": "A keeper"} if is_image else {"prompt": "A", "processing_time_seconds": 1.5}
        task.metadata.update(
            {
                "backend_used": "local",
                "model_used": "local",
                "parameters_used": {"seed": 7},
                "parameters_not_applied": ["negative_prompt"],
                "generation_timestamp": "2026-11-21T07:00:15.970Z",
                **own,
            }
        )

    async def GetMvTask(self, request: Any, context: Any) -> Any:
        task = self.tasks.get(request.id)
        if task is None:
            raise NotFound("There is nothing with this id.")
        for _ in range(round(request.wait_seconds * 50)):
            if task.state > 2:
                break
            await asyncio.sleep(0.02)
        return music_video_pb2.GetMvTaskResponse(task=task)

    async def ReadMvMedia(self, request: Any, context: Any) -> AsyncIterator[Any]:
        end = request.start + request.length if request.length else len(self.content)
        for start in range(request.start, end, 262_144):
            piece = self.content[start : min(start + 262_144, end)]
            yield music_video_pb2.ReadMvMediaResponse(chunk=common_pb2.Chunk(content=piece))

    async def KeepPicture(self, request_iterator: Any, context: Any) -> Any:
        content = b"".join([request.content async for request in request_iterator])
        self.pictures.append(content)
        picture = music_video_pb2.KeptPicture(sha256="a" * 64, size_bytes=len(content), content_type="image/png")
        return music_video_pb2.KeepPictureResponse(picture=picture)


def fields(message: Any) -> dict[str, Any]:
    return {descriptor.name: value for descriptor, value in message.ListFields()}


def paged(found: list[Any], page: Any) -> tuple[list[Any], common_pb2.PageInfo]:
    start = int(page.cursor) if page.cursor else page.offset
    part = found[start : start + page.limit]
    more = start + page.limit < len(found)
    info = common_pb2.PageInfo(
        limit=page.limit, offset=start, total=len(found), next_cursor=str(start + page.limit) if more else ""
    )
    return part, info


@dataclass
class World:
    """The stand-ins, and the addresses and database of the gateway in front of them."""

    jobs: FakeJobs
    assets: FakeAssets
    scenes: FakeScenes
    render: FakeRender
    music_video: FakeMusicVideo
    targets: dict[str, str]
    database_url: str
    servers: dict[str, RpcServer]

    async def sql(self, statement: str, *args: Any) -> Any:
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetchval(statement, *args)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def migrated_database(postgres_server: Any) -> str:  # noqa: F811
    """A database with the gateway's schema, to be copied."""

    async def make() -> str:
        url = await postgres_server.create_database("gateway")
        await migrate(url, MIGRATIONS)
        return str(url)

    return asyncio.run(make())


@pytest_asyncio.fixture
async def world(postgres_server: Any, migrated_database: str) -> AsyncIterator[World]:  # noqa: F811
    template = migrated_database.rsplit("/", 1)[1].partition("?")[0]
    url = await postgres_server.create_database("gateway", template=template)
    parts: dict[str, Any] = {
        "jobs": FakeJobs(),
        "assets": FakeAssets(),
        "scenes": FakeScenes(),
        "render": FakeRender(),
    }
    register = {
        "jobs": jobs_pb2_grpc.add_JobsServiceServicer_to_server,
        "assets": assets_pb2_grpc.add_AssetsServiceServicer_to_server,
        "scenes": scenes_pb2_grpc.add_ScenesServiceServicer_to_server,
        "render": render_pb2_grpc.add_RenderServiceServicer_to_server,
    }
    servers: dict[str, RpcServer] = {}
    for name, part in parts.items():
        servers[name] = RpcServer("127.0.0.1:0")
        servers[name].add(register[name], part)
        if name == "render":
            music_video = FakeMusicVideo()
            servers[name].add(music_video_pb2_grpc.add_MusicVideoServiceServicer_to_server, music_video)
        await servers[name].start()
    targets = {f"{name.upper()}_GRPC_TARGET": f"127.0.0.1:{server.port}" for name, server in servers.items()}
    yield World(**parts, music_video=music_video, targets=targets, database_url=url, servers=servers)
    for server in servers.values():
        await server._server.stop(grace=0)
    await postgres_server.drop_database(url)


Serve = Callable[..., Any]


@pytest.fixture
def serve(world: World) -> Serve:
    """`async with serve(NAME="value")`: a gateway with these settings, as an HTTP client."""

    @asynccontextmanager
    async def serving(**environment: str) -> AsyncIterator[httpx.AsyncClient]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = load_settings(
            GatewaySettings,
            {
                "DATABASE_URL": world.database_url,
                "ADREEL_BUS_DATABASE_URL": world.database_url,
                "ADREEL_HTTP_PORT": str(port),
                "ADREEL_AUTH": "open",
                "ADREEL_ADOPT_UNKNOWN_CLIENTS": "true",
                "JOB_CREATE_WAIT_SECONDS": "5",
                **world.targets,
                **environment,
            },
        )
        runtime = build_runtime(settings)
        await runtime.database.start(wait_seconds=5)
        await runtime.listener.start()
        links = Links.open(settings)
        server = asyncio.create_task(serve_asgi(build_http(settings, runtime, links), host="127.0.0.1", port=port))
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
                for _ in range(200):
                    try:
                        await client.get("/healthz")
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.02)
                yield client
        finally:
            server.cancel()
            await asyncio.gather(server, return_exceptions=True)
            await links.aclose()
            await runtime.listener.aclose()
            await runtime.database.aclose()

    return serving


@pytest_asyncio.fixture
async def api(serve: Serve) -> AsyncIterator[httpx.AsyncClient]:
    async with serve() as client:
        yield client


@pytest.fixture
def order() -> dict[str, Any]:
    """The body of a job, as the contract shows it."""
    return {
        "context": {"clientId": "123", "campaignId": None, "userId": None},
        "adBasics": {
            "product": "Smart Watch",
            "targetAudience": "Tech enthusiasts",
            "keyMessage": "Stay connected",
            "callToAction": "Buy Now",
        },
        "creative": {
            "direction": {"style": "Modern", "tone": "Energetic", "visualElements": ["city"]},
            "assets": [{"url": "https://example.com/a.jpg", "type": "image", "name": "Shot", "role": "hero"}],
        },
        "video": {
            "durationSeconds": 30,
            "aspectRatio": "16:9",
            "resolution": "1080p",
            "fps": 30,
            "captions": True,
            "voiceover": False,
            "music": None,
            "backend": "local",
        },
        "webhookUrl": None,
    }


@pytest.fixture
def is_uuid() -> Callable[[str], bool]:
    return lambda text: parse_id(text) is not None
