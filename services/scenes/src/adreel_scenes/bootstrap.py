"""The only place that picks real things for the scenes service."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from adreel import events
from adreel.scenes.v1 import scenes_pb2_grpc
from adreel_kit.bus import Manifest
from adreel_kit.clock import SystemClock
from adreel_kit.logging import get_logger
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker

from adreel_scenes.adapters.asset_thumbnails import MOST_PICTURES, AssetThumbnails
from adreel_scenes.adapters.choose_writer import choose_music_writer, choose_writer
from adreel_scenes.adapters.debugged_music_writer import DebuggedMusicWriter
from adreel_scenes.adapters.llm_writer import ModelWriter
from adreel_scenes.adapters.music_config import MusicConfig, load_music_config
from adreel_scenes.adapters.output_files import OutputFiles
from adreel_scenes.adapters.postgres import music_tasks
from adreel_scenes.adapters.prompt_files import PromptFiles
from adreel_scenes.adapters.prompting import check_prompts
from adreel_scenes.adapters.template.music import TemplateMusicWriter
from adreel_scenes.adapters.template.setup import pace_of
from adreel_scenes.domain.limits import StoryLimits
from adreel_scenes.domain.ports import MusicSceneWriter
from adreel_scenes.domain.request import JobCancelled, StoryboardRequested
from adreel_scenes.entrypoints.grpc import ScenesServicer
from adreel_scenes.settings import ScenesSettings
from adreel_scenes.usecases.edit_storyboard import EditStoryboard
from adreel_scenes.usecases.estimate_storyboard import EstimateStoryboard
from adreel_scenes.usecases.order_music_scenes import MUSIC_KIND, OrderMusicScenes
from adreel_scenes.usecases.order_writing import WRITE_KIND, cancel_writing, order_writing
from adreel_scenes.usecases.write_music_scenes import WriteMusicScenes
from adreel_scenes.usecases.write_storyboard import WriteStoryboard

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"

# Writers keep their own deadline and report what they used; this much later one that hangs is ended.
_GRACE_SECONDS = 10.0

log = get_logger(__name__)


def build(settings: ScenesSettings) -> tuple[Runtime, ServiceParts]:
    """The service's parts, nothing opened yet. Raises ConfigFileBroken."""
    config = load_music_config(settings.adreel_mv_config_dir)
    if settings.mv_debug_mode:
        log.info("mv.debug.configuration", **config.described())
    runtime = Runtime.build("scenes", settings, Manifest(events.CONSUMERS), channels=[music_tasks.CHANNEL])
    limits = StoryLimits(min_scenes=settings.scenes_per_video_min, max_scenes=settings.scenes_per_video_max)
    clock = SystemClock()
    options = settings.writer_options
    provider = options.provider()
    prompts = PromptFiles(settings.adreel_prompts_dir)
    check_prompts(prompts)
    writer = choose_writer(options, prompts)
    can_see = isinstance(writer, ModelWriter) and settings.adreel_writer_pictures and settings.assets_grpc_target
    thumbnails = AssetThumbnails(settings.assets_grpc_target) if can_see else None
    music = Music.of(settings, config)
    output = OutputFiles(settings.mv_output_dir)
    deadline_seconds = settings.adreel_writer_deadline_seconds + _GRACE_SECONDS
    runtime.bus.subscribe(StoryboardRequested, order_writing)
    runtime.bus.subscribe(JobCancelled, cancel_writing)
    write = WriteStoryboard(
        database=runtime.database,
        outbox=runtime.outbox,
        writer=writer,
        limits=limits,
        clock=clock,
        deadline_seconds=deadline_seconds,
        provider=provider,
        model=options.model(provider),
        pictures=thumbnails,
    )
    write_music = WriteMusicScenes(
        database=runtime.database,
        output=output,
        writers=music.writers,
        models={"gemini": options.model("gemini")},
        deadline_seconds=deadline_seconds,
    )
    worker = Worker(
        database=runtime.database,
        listener=runtime.listener,
        handlers={WRITE_KIND: write, MUSIC_KIND: write_music},
        lanes=(
            Lane((WRITE_KIND,), settings.adreel_writer_concurrency),
            Lane((MUSIC_KIND,), settings.adreel_mv_concurrency),
        ),
    )
    servicer = ScenesServicer(
        EditStoryboard(database=runtime.database, outbox=runtime.outbox, limits=limits, clock=clock),
        EstimateStoryboard(
            limits,
            provider=provider,
            model=options.model(provider),
            most_pictures=0 if thumbnails is None else MOST_PICTURES,
            # A model is told how many scenes fit best, whatever the tone.
            pace_of=pace_of if provider == "template" else lambda tone, style: 0,
        ),
        OrderMusicScenes(
            database=runtime.database,
            listener=runtime.listener,
            output=output,
            defaults=config.defaults,
            available=music.writers,
            fallback=settings.adreel_no_key_fallback,
            is_debugged=settings.mv_debug_mode,
        ),
    )
    closing = [music.aclose] if music.aclose else []
    if isinstance(writer, ModelWriter):
        closing.append(writer.aclose)
    if thumbnails is not None:
        closing.append(thumbnails.aclose)
    parts = ServiceParts(
        rpc=lambda server: server.add(scenes_pb2_grpc.add_ScenesServiceServicer_to_server, servicer),
        worker=worker,
        resources=[(None, close) for close in closing],
    )
    return runtime, parts


@dataclass(frozen=True, slots=True)
class Music:
    """The writers of music-video scenes that can be used here, by backend, and how to close what they hold."""

    writers: dict[str, MusicSceneWriter]
    aclose: Callable[[], Awaitable[None]] | None

    @classmethod
    def of(cls, settings: ScenesSettings, config: MusicConfig) -> "Music":
        model = choose_music_writer(settings.writer_options, config.prompts)
        writers: dict[str, MusicSceneWriter] = {"template": TemplateMusicWriter()}
        if model is not None:
            writers["gemini"] = model
        if settings.mv_debug_mode:
            writers = {
                name: DebuggedMusicWriter(name, writer, config.prompts if writer is model else None)
                for name, writer in writers.items()
            }
        return cls(writers, None if model is None else model.aclose)
