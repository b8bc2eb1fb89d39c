"""From an approved scene to what the engine draws: media on local disk, brand, text, handles."""

import asyncio
import uuid
from pathlib import Path

from adreel_render.domain.film_layout import FilmLayout
from adreel_render.domain.ports import AssetSource
from adreel_render.domain.request import RenderRequested, RequestedAsset, RequestedScene
from adreel_render.engine.spec import Brand, Medium, MediumKind, SceneSpec

_DRAWABLE = {"image": MediumKind.IMAGE, "video": MediumKind.VIDEO}
# The engine decodes these; SVG is kept and served, but nothing here draws it.
_UNDRAWABLE_FORMATS = frozenset({"svg"})


class DescribeScene:
    """Builds scene specs, fetching what they show."""

    def __init__(self, assets: AssetSource) -> None:
        self._assets = assets

    async def spec(
        self,
        request: RenderRequested,
        layout: FilmLayout,
        number: int,
        *,
        without: frozenset[str] = frozenset(),
        bought: tuple[Medium, ...] | None = None,
        spoken_frames: tuple[int, int] | None = None,
    ) -> SceneSpec:
        """The spec of scene `number`; media whose digest is in `without` are left out.

        `bought` clips are the scene's picture in place of the job's own media. `spoken_frames` is where in the body
        its voice is heard.
        """
        scene = request.scene(number)
        frames = layout.clips[number - 1]
        media = bought if bought is not None else await self._media(request, scene, without)
        is_last = number == len(request.scenes)
        return SceneSpec(
            number=number,
            of_total=len(request.scenes),
            body_frames=frames.body_frames,
            head_frames=frames.head_frames,
            tail_frames=frames.tail_frames,
            copy_start=frames.copy_start,
            copy_end=frames.copy_end,
            media=media,
            script=scene.script,
            call_to_action=request.brief.call_to_action if is_last else None,
            product=request.brief.product,
            shot_type=scene.shot_type,
            captions=request.video.captions,
            brand=await self._brand(request),
            seed=request.seed,
            style=request.brief.style,
            tone=request.brief.tone,
            spoken_frames=spoken_frames,
        )

    async def _media(
        self, request: RenderRequested, scene: RequestedScene, without: frozenset[str]
    ) -> tuple[Medium, ...]:
        shown = [asset for asset in map(request.asset, scene.asset_ids) if asset is not None]
        drawable = [asset for asset in shown if is_drawable(asset) and asset.sha256 not in without]
        return tuple(await asyncio.gather(*(self._medium(asset) for asset in drawable)))

    async def _medium(self, asset: RequestedAsset) -> Medium:
        path = await self._assets.local_copy(asset.asset_id, asset.sha256)
        return Medium(key=asset.sha256, path=path, kind=_DRAWABLE[asset.type], role=asset.role)

    async def _brand(self, request: RenderRequested) -> Brand:
        brand = request.brand
        if brand is None:
            return Brand()
        logo, logo_key = await self._logo(request, brand.logo_asset_id)
        return Brand(
            colors=brand.colors,
            logo=logo,
            logo_key=logo_key,
            tone=brand.tone,
            font=brand.fonts[0] if brand.fonts else None,
        )

    async def _logo(self, request: RenderRequested, asset_id: uuid.UUID | None) -> tuple[Path | None, str | None]:
        if asset_id is None:
            return None, None
        known = request.asset(asset_id)
        if known is not None and not is_drawable(known):
            return None, None
        sha256 = known.sha256 if known else await self._assets.digest_of(asset_id)
        if sha256 is None:
            return None, None
        return await self._assets.local_copy(asset_id, sha256), sha256


def is_drawable(asset: RequestedAsset) -> bool:
    """Whether the engine can show this asset."""
    return asset.type in _DRAWABLE and asset.format not in _UNDRAWABLE_FORMATS


def clip_heard(request: RenderRequested, scene: RequestedScene) -> RequestedAsset | None:
    """The user clip whose sound a scene has: the one that it shows alone; in a montage it would only clutter.

    A logo beside it is no montage.
    """
    known = [asset for asset in map(request.asset, scene.asset_ids) if asset is not None]
    shown = [asset for asset in known if is_drawable(asset) and asset.role != "logo"]
    if len(shown) != 1 or shown[0].type != "video" or not shown[0].has_audio:
        return None
    return shown[0]
