"""The only place that picks real things for the scenes service."""

from pathlib import Path

from adreel import events
from adreel.scenes.v1 import scenes_pb2_grpc
from adreel_kit.bus import Manifest
from adreel_kit.clock import SystemClock
from adreel_kit.runtime import Runtime, ServiceParts
from adreel_kit.worker import Lane, Worker

from adreel_scenes.adapters.choose_writer import choose_writer
from adreel_scenes.adapters.llm_writer import ModelWriter
from adreel_scenes.domain.limits import StoryLimits
from adreel_scenes.domain.request import JobCancelled, StoryboardRequested
from adreel_scenes.entrypoints.grpc import ScenesServicer
from adreel_scenes.settings import ScenesSettings
from adreel_scenes.usecases.edit_storyboard import EditStoryboard
from adreel_scenes.usecases.estimate_storyboard import EstimateStoryboard
from adreel_scenes.usecases.order_writing import WRITE_KIND, cancel_writing, order_writing
from adreel_scenes.usecases.write_storyboard import WriteStoryboard

MIGRATIONS = Path(__file__).parent / "migrations" / "versions"

_GRACE_SECONDS = 10.0


def build(settings: ScenesSettings) -> tuple[Runtime, ServiceParts]:
    """The service's parts, nothing opened yet."""
    runtime = Runtime.build("scenes", settings, Manifest(events.CONSUMERS))
    limits = StoryLimits(min_scenes=settings.scenes_per_video_min, max_scenes=settings.scenes_per_video_max)
    clock = SystemClock()
    options = settings.writer_options
    provider = options.provider()
    writer = choose_writer(options)
    runtime.bus.subscribe(StoryboardRequested, order_writing)
    runtime.bus.subscribe(JobCancelled, cancel_writing)
    write = WriteStoryboard(
        database=runtime.database,
        outbox=runtime.outbox,
        writer=writer,
        limits=limits,
        clock=clock,
        # The writer keeps its own deadline and reports what it used; this one only ends a writer that hangs.
        deadline_seconds=settings.adreel_writer_deadline_seconds + _GRACE_SECONDS,
        model=options.model(provider),
    )
    worker = Worker(
        database=runtime.database,
        listener=runtime.listener,
        handlers={WRITE_KIND: write},
        lanes=(Lane((WRITE_KIND,), settings.adreel_writer_concurrency),),
    )
    servicer = ScenesServicer(
        EditStoryboard(database=runtime.database, outbox=runtime.outbox, limits=limits, clock=clock),
        EstimateStoryboard(limits, provider=provider, model=options.model(provider)),
    )
    parts = ServiceParts(
        rpc=lambda server: server.add(scenes_pb2_grpc.add_ScenesServiceServicer_to_server, servicer),
        worker=worker,
        resources=((None, writer.aclose),) if isinstance(writer, ModelWriter) else (),
    )
    return runtime, parts
