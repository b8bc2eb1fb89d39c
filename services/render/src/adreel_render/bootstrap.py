"""The only place that picks real things for the render service."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from adreel import events
from adreel.render.v1 import music_video_pb2_grpc, render_pb2_grpc
from adreel_kit.blobs.port import BlobStore
from adreel_kit.blobs.settings import BlobSettings, build_blob_store, load_blob_settings
from adreel_kit.bus import Manifest
from adreel_kit.guarded_http import parse_host_rules
from adreel_kit.logging import get_logger
from adreel_kit.rpc import RpcServer
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker, WorkHandler

from adreel_render.adapters.asset_bytes import AssetBytes
from adreel_render.adapters.engine import ProcessEngine
from adreel_render.adapters.engine_process import EnginePool
from adreel_render.adapters.media_check import EngineMediaCheck
from adreel_render.adapters.mv_engine import ProcessMvEngine, ProcessPictureCheck
from adreel_render.adapters.mv_files import load_mv_config
from adreel_render.adapters.mv_output import MvOutputFolder
from adreel_render.adapters.postgres import mv_tasks
from adreel_render.adapters.providers.gemini import Gemini
from adreel_render.adapters.providers.openai_speech import DEFAULT_NAME, OpenAISpeech
from adreel_render.adapters.providers.outputs import OutputGuard
from adreel_render.adapters.providers.replicate import OUTPUT_DOMAINS, Replicate
from adreel_render.adapters.providers.webhooks import WEBHOOK_READERS
from adreel_render.adapters.voice_process import VoiceProcess
from adreel_render.domain.attempts import MediaCheck
from adreel_render.domain.backends import Backends
from adreel_render.domain.mv_backends import MvBackends
from adreel_render.domain.mv_models import LOCAL
from adreel_render.domain.mv_prices import IMAGE_PRICES
from adreel_render.domain.ports import Purchases
from adreel_render.domain.prices import VIDEO_PRICES, VideoPrice
from adreel_render.domain.voice import LOCAL_VOICE, OPENAI_VOICE
from adreel_render.domain.voice_orders import PaidVoice
from adreel_render.domain.voice_prices import DEFAULT_MODEL, VoicePrice, voice_price
from adreel_render.engine.plain_shaping import has_shaping
from adreel_render.entrypoints.consumers import subscribe
from adreel_render.entrypoints.grpc import RenderServicer
from adreel_render.entrypoints.mv_grpc import MusicVideoServicer
from adreel_render.settings import RenderSettings
from adreel_render.usecases.buy_mv import BuyMv
from adreel_render.usecases.buy_scene import BuyScene
from adreel_render.usecases.buying.assemble import assemble
from adreel_render.usecases.buying.book import BookCosts
from adreel_render.usecases.buying.knock import Knock
from adreel_render.usecases.buying.terms import Terms
from adreel_render.usecases.buying.watchers import WATCH_KIND
from adreel_render.usecases.compose_film import ComposeFilm
from adreel_render.usecases.describe_scene import DescribeScene
from adreel_render.usecases.draw_clip import DrawClip
from adreel_render.usecases.ensure_preview import EnsurePreview
from adreel_render.usecases.estimate_film import EstimateFilm
from adreel_render.usecases.estimate_voice import EstimateVoice
from adreel_render.usecases.explain_mv import ExplainMv
from adreel_render.usecases.keep_picture import KeepPicture
from adreel_render.usecases.make_mv_image import MakeMvImage
from adreel_render.usecases.make_mv_video import MakeMvVideo
from adreel_render.usecases.merge_mv_videos import MergeMvVideos
from adreel_render.usecases.mv_queries import MvQueries
from adreel_render.usecases.mv_record import MvRecord
from adreel_render.usecases.order_mv_task import (
    DRAWN_KINDS,
    IMAGE_KIND,
    MERGE_KIND,
    PURCHASE_KIND,
    VIDEO_KIND,
    OrderMvTask,
)
from adreel_render.usecases.plan_mv import PlanMv
from adreel_render.usecases.queries import Queries
from adreel_render.usecases.render_scene import RenderScene
from adreel_render.usecases.report_progress import ReportProgress
from adreel_render.usecases.select_take import SelectTake
from adreel_render.usecases.speak_scenes import SpeakScenes
from adreel_render.usecases.start_render import COMPOSE_KIND, PAID_SCENE_KIND, SCENE_KIND, VOICE_KIND, StartRender

log = get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


def build(settings: RenderSettings) -> tuple[Runtime, ServiceParts]:
    """The service's parts, nothing opened yet."""
    if not has_shaping():
        log.warning("text.not_shaped", why="libfribidi is not installed (Debian: libfribidi0); see docs/rendering.md")
    runtime = Runtime.build("render", settings, Manifest(events.CONSUMERS), channels=[mv_tasks.CHANNEL])
    blob_settings = load_blob_settings(key_prefix="render")
    blobs = build_blob_store(blob_settings, runtime.database)
    scratch_dir = settings.adreel_render_dir / "scratch"
    assets = AssetBytes(settings.assets_grpc_target, settings.adreel_render_dir / "assets")
    pool = EnginePool(settings.adreel_render_concurrency, stall_seconds=settings.adreel_render_stall_seconds)
    engine = ProcessEngine(pool, settings.adreel_render_dir / "segments")
    progress = ReportProgress(runtime.database, runtime.outbox)
    describe = DescribeScene(assets)
    subscribe(runtime.bus, StartRender(runtime.outbox), runtime.outbox)
    draw = DrawClip(database=runtime.database, blobs=blobs, engine=engine, progress=progress, scratch_dir=scratch_dir)
    scenes = RenderScene(outbox=runtime.outbox, describe=describe, draw=draw)
    films = ComposeFilm(
        database=runtime.database,
        outbox=runtime.outbox,
        blobs=blobs,
        engine=engine,
        assets=assets,
        progress=progress,
        scratch_dir=scratch_dir,
    )
    prices = video_prices(settings)
    scratch_voice = VoiceProcess(variant=settings.scratch_variant, language=settings.voice_language)
    buying = build_buying(settings, runtime, blobs, EngineMediaCheck(pool, scratch_voice))
    voices = SpeakScenes(
        database=runtime.database,
        outbox=runtime.outbox,
        blobs=blobs,
        scratch=scratch_voice,
        finish=scratch_voice,
        purchases=buying.purchases,
        paid=paid_voice(settings),
        progress=progress,
        scratch_dir=scratch_dir,
    )
    paid_scenes = BuyScene(
        outbox=runtime.outbox,
        blobs=blobs,
        assets=assets,
        describe=describe,
        draw=draw,
        picture_check=ProcessPictureCheck(),
        purchases=buying.purchases,
        prices=prices,
        progress=progress,
        scratch_dir=scratch_dir,
    )
    music_video = build_music_video(settings, runtime, blobs, blob_settings, pool, assets, buying.purchases, prices)
    worker = Worker(
        database=runtime.database,
        listener=runtime.listener,
        handlers={
            SCENE_KIND: scenes,
            PAID_SCENE_KIND: paid_scenes,
            COMPOSE_KIND: films,
            VOICE_KIND: voices,
            WATCH_KIND: buying.watch,
            **music_video.handlers,
        },
        lanes=(
            Lane((COMPOSE_KIND, SCENE_KIND, *DRAWN_KINDS), settings.adreel_render_concurrency),
            # What waits for a provider: a look takes a moment, and between looks nothing is held.
            Lane((VOICE_KIND, PAID_SCENE_KIND, PURCHASE_KIND, WATCH_KIND), settings.adreel_waiting_concurrency),
        ),
    )
    servicer = RenderServicer(
        Queries(runtime.database),
        EnsurePreview(runtime.database),
        SelectTake(runtime.database),
        blobs,
        Backends(
            has_replicate_key=settings.replicate_api_token is not None,
            has_gemini_key=settings.gemini_api_key is not None,
            prices=prices,
        ),
        EstimateFilm(runtime.database, prices),
        buying.knock,
        EstimateVoice(runtime.database, _voice_price(settings), paid_voice(settings)),
    )

    async def make_room() -> None:
        scratch_dir.mkdir(parents=True, exist_ok=True)

    def serve(server: RpcServer) -> None:
        server.add(render_pb2_grpc.add_RenderServiceServicer_to_server, servicer)
        server.add(music_video_pb2_grpc.add_MusicVideoServiceServicer_to_server, music_video.servicer)

    runtime.health.checks["blobs"] = blobs.check
    parts = ServiceParts(
        rpc=serve,
        worker=worker,
        resources=(
            (make_room, None),
            (music_video.output.start, None),
            (blobs.start, blobs.aclose),
            (None, pool.aclose),
            (None, scratch_voice.aclose),
            (None, assets.aclose),
            (None, buying.aclose),
        ),
    )
    return runtime, parts


@dataclass(frozen=True, slots=True)
class MusicVideo:
    """The parts of `/api/mv` pictures and clips."""

    handlers: Mapping[str, WorkHandler]
    servicer: MusicVideoServicer
    output: MvOutputFolder


def build_music_video(
    settings: RenderSettings,
    runtime: Runtime,
    blobs: BlobStore,
    blob_settings: BlobSettings,
    pool: EnginePool,
    assets: AssetBytes,
    purchases: Purchases,
    prices: Mapping[str, VideoPrice],
) -> MusicVideo:
    """The parts of `/api/mv`; its files of defaults and prompts are read and checked here."""
    loaded = load_mv_config(settings.adreel_mv_config_dir)
    explain = ExplainMv(is_on=settings.mv_debug_mode)
    explain.configuration(loaded.config, loaded.sources)
    backends = MvBackends(
        has_key={
            "replicate": settings.replicate_api_token is not None,
            "gemini": settings.gemini_api_key is not None,
        },
        image_models={
            "local": LOCAL,
            "replicate": settings.adreel_replicate_image_model or IMAGE_PRICES["replicate"].model,
            "gemini": settings.adreel_gemini_image_model or IMAGE_PRICES["gemini"].model,
        },
        video_models={name: price.model for name, price in prices.items()},
        falls_back=settings.adreel_no_key_fallback,
    )
    scratch_dir = settings.adreel_render_dir / "scratch"
    output = MvOutputFolder(settings.mv_output_dir, blobs, blob_settings)
    record = MvRecord(runtime.database, output, explain)
    engine = ProcessMvEngine(pool, settings.adreel_render_dir / "segments")
    merge = MergeMvVideos(
        database=runtime.database,
        record=record,
        engine=engine,
        blobs=blobs,
        assets=assets,
        scratch_dir=scratch_dir,
    )
    return MusicVideo(
        handlers={
            IMAGE_KIND: MakeMvImage(record, engine, blobs, scratch_dir),
            VIDEO_KIND: MakeMvVideo(record, engine, blobs, scratch_dir),
            MERGE_KIND: merge,
            PURCHASE_KIND: BuyMv(record, purchases, prices),
        },
        servicer=MusicVideoServicer(
            OrderMvTask(runtime.database, PlanMv(loaded.config, backends), explain),
            MvQueries(runtime.database, runtime.listener),
            KeepPicture(blobs, ProcessPictureCheck(), scratch_dir),
            blobs,
        ),
        output=output,
    )


@dataclass(frozen=True, slots=True)
class PaidProviders:
    """Buying, and what has to be closed after it."""

    purchases: Purchases
    watch: WorkHandler
    knock: Knock
    aclose: Callable[[], Awaitable[None]]


def build_buying(settings: RenderSettings, runtime: Runtime, blobs: BlobStore, check: MediaCheck) -> PaidProviders:
    """The paid providers that have a key, and the ledger's work around them."""
    terms = Terms(
        deadline_seconds=settings.adreel_provider_deadline_seconds,
        stale_seconds=settings.adreel_submit_stale_seconds,
        look_gap_seconds=settings.adreel_reconcile_gap_seconds,
    )
    webhook_url = settings.adreel_provider_webhook_url
    providers: dict[str, Replicate | Gemini | OpenAISpeech] = {}
    if settings.replicate_api_token is not None:
        providers["replicate"] = Replicate(
            token=settings.replicate_api_token.get_secret_value(),
            base_url=settings.replicate_base_url,
            blobs=blobs,
            outputs=OutputGuard(
                domains=OUTPUT_DOMAINS, allowed_hosts=parse_host_rules(settings.provider_output_allowed_hosts)
            ),
            deadline_seconds=terms.deadline_seconds,
            webhook_url=f"{webhook_url.rstrip('/')}/replicate" if webhook_url else None,
            create_seconds=settings.adreel_provider_create_seconds,
        )
    if settings.gemini_api_key is not None:
        providers["gemini"] = Gemini(
            api_key=settings.gemini_api_key.get_secret_value(),
            base_url=settings.google_gemini_base_url,
            api_version=settings.google_genai_api_version,
            blobs=blobs,
            webhook_url=f"{webhook_url.rstrip('/')}/gemini" if webhook_url else None,
            create_seconds=settings.adreel_provider_create_seconds,
        )
    if settings.has_paid_voice and settings.openai_api_key is not None:
        providers["openai"] = OpenAISpeech(
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            create_seconds=settings.adreel_provider_create_seconds,
        )
    buying = assemble(
        database=runtime.database,
        blobs=blobs,
        providers=providers,
        check=check,
        books=BookCosts(runtime.outbox),
        scratch_dir=settings.adreel_render_dir / "scratch",
        terms=terms,
    )
    secrets = {"replicate": settings.adreel_replicate_webhook_secret, "gemini": settings.adreel_gemini_webhook_secret}
    knock = Knock(
        runtime.database,
        secrets={name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None},
        readers=WEBHOOK_READERS,
    )

    async def aclose() -> None:
        await buying.aclose()
        for provider in providers.values():
            await provider.aclose()

    return PaidProviders(buying.purchases, buying.watch, knock, aclose)


def paid_voice(settings: RenderSettings) -> PaidVoice | None:
    """The voice that is bought, where one is."""
    return PaidVoice(_voice_price(settings), settings.voice_name or DEFAULT_NAME) if settings.has_paid_voice else None


def _voice_price(settings: RenderSettings) -> VoicePrice:
    if not settings.has_paid_voice:
        return voice_price(LOCAL_VOICE, LOCAL_VOICE)
    return voice_price(OPENAI_VOICE, settings.voice_model or DEFAULT_MODEL, settings.voice_micros_per_character)


def video_prices(settings: RenderSettings) -> dict[str, VideoPrice]:
    """The dated table, with the models and prices that the settings name in its place."""
    prices = dict(VIDEO_PRICES)
    for name, model, usd in (
        ("replicate", settings.adreel_replicate_video_model, settings.adreel_replicate_usd_per_second),
        ("gemini", settings.adreel_gemini_video_model, settings.adreel_gemini_usd_per_second),
    ):
        prices[name] = prices[name].replaced(model=model, usd_per_second=usd)
    return prices
