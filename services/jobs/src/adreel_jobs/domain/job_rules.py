"""What a job's input must be like (SPEC 2.5). `complete` fills in what may be left out, `check_job_input` judges."""

import math
from dataclasses import replace

from adreel_kit.ids import parse_id

from adreel_jobs.domain.field_checks import FieldChecks
from adreel_jobs.domain.job_input import AdBasics, AssetInput, Direction, JobContext, JobInput, VideoSpec

DURATION_SECONDS = (5.0, 120.0)
ASPECT_RATIOS = ("16:9", "9:16", "1:1")
RESOLUTIONS = ("720p", "1080p")
FRAME_RATES = (24, 25, 30)
BACKENDS = ("local", "replicate", "gemini")
ASSET_TYPES = ("image", "video", "audio", "document")

ID_CHARACTERS = 200
FEEDBACK_CHARACTERS = 4000
_MOST_ASSETS = 20
_MOST_VISUAL_ELEMENTS = 20


def complete(given: JobInput) -> JobInput:
    """`given` without surrounding blanks and with the defaults of `video`, but for the backend."""
    basics, direction, video, default = given.ad_basics, given.direction, given.video, VideoSpec()
    elements = (element.strip() for element in direction.visual_elements)
    return replace(
        given,
        context=JobContext(
            given.context.client_id.strip(), given.context.campaign_id.strip(), given.context.user_id.strip()
        ),
        ad_basics=AdBasics(
            basics.product.strip(),
            basics.target_audience.strip(),
            basics.key_message.strip(),
            basics.call_to_action.strip(),
        ),
        direction=Direction(direction.style.strip(), direction.tone.strip(), tuple(e for e in elements if e)),
        assets=tuple(
            AssetInput(a.url.strip(), a.asset_id.strip(), a.type.strip(), a.name.strip(), a.role.strip())
            for a in given.assets
        ),
        video=replace(
            video,
            duration_seconds=video.duration_seconds or default.duration_seconds,
            aspect_ratio=video.aspect_ratio or default.aspect_ratio,
            resolution=video.resolution or default.resolution,
            fps=video.fps or default.fps,
        ),
        webhook_url=given.webhook_url.strip(),
    )


def check_job_input(job: JobInput) -> None:
    """Raises FieldsInvalid with every problem found."""
    checks = FieldChecks()
    checks.text("context.clientId", job.context.client_id, most=ID_CHARACTERS, required=True)
    checks.text("context.campaignId", job.context.campaign_id, most=ID_CHARACTERS)
    checks.text("context.userId", job.context.user_id, most=ID_CHARACTERS)
    checks.text("adBasics.product", job.ad_basics.product, most=1000, required=True)
    checks.text("adBasics.targetAudience", job.ad_basics.target_audience, most=1000, required=True)
    checks.text("adBasics.keyMessage", job.ad_basics.key_message, most=1000, required=True)
    checks.text("adBasics.callToAction", job.ad_basics.call_to_action, most=300, required=True)
    checks.text("creative.direction.style", job.direction.style, most=500, required=True)
    checks.text("creative.direction.tone", job.direction.tone, most=500)
    checks.texts(
        "creative.direction.visualElements", job.direction.visual_elements, most=_MOST_VISUAL_ELEMENTS, most_each=200
    )
    _check_assets(checks, job.assets)
    _check_video(checks, job.video)
    if job.webhook_url:
        checks.url("webhookUrl", job.webhook_url)
    checks.finish()


def _check_assets(checks: FieldChecks, assets: tuple[AssetInput, ...]) -> None:
    if len(assets) > _MOST_ASSETS:
        checks.add("creative.assets", f"At most {_MOST_ASSETS} assets are taken; these are {len(assets)}.")
        return
    seen = set()
    for index, asset in enumerate(assets):
        field = f"creative.assets.{index}"
        if bool(asset.url) == bool(asset.asset_id):
            checks.add(field, "Give either url or assetId, not both and not neither.")
        elif asset.url:
            checks.url(f"{field}.url", asset.url)
        else:
            checks.identifier(f"{field}.assetId", asset.asset_id)
            asset_id = parse_id(asset.asset_id)
            if asset_id is not None and asset_id in seen:
                checks.add(f"{field}.assetId", "This asset is named twice.")
            seen.add(asset_id)
        if asset.type:
            checks.choice(f"{field}.type", asset.type, ASSET_TYPES)
        checks.text(f"{field}.name", asset.name, most=200)
        checks.text(f"{field}.role", asset.role, most=100)


def _check_video(checks: FieldChecks, video: VideoSpec) -> None:
    shortest, longest = DURATION_SECONDS
    if not math.isfinite(video.duration_seconds) or not shortest <= video.duration_seconds <= longest:
        checks.add("video.durationSeconds", f"Taken are {shortest:g} to {longest:g} seconds.")
    checks.choice("video.aspectRatio", video.aspect_ratio, ASPECT_RATIOS)
    checks.choice("video.resolution", video.resolution, RESOLUTIONS)
    checks.choice("video.fps", video.fps, FRAME_RATES)
    if video.music_asset_id:
        checks.identifier("video.music", video.music_asset_id)
    if video.backend:
        checks.choice("video.backend", video.backend, BACKENDS)
