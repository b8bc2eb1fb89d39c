"""The four services behind the gateway, as one value that use cases and routes are given."""

from dataclasses import dataclass

from adreel_gateway.adapters.assets_client import AssetsClient
from adreel_gateway.adapters.jobs_client import JobsClient
from adreel_gateway.adapters.music_video_client import MusicVideoClient
from adreel_gateway.adapters.render_client import RenderClient
from adreel_gateway.adapters.scenes_client import ScenesClient


@dataclass(frozen=True, slots=True)
class Neighbours:
    """One client per service, and one for the half of render that `/api/mv` calls."""

    jobs: JobsClient
    assets: AssetsClient
    scenes: ScenesClient
    render: RenderClient
    music_video: MusicVideoClient
