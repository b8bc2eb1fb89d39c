"""Films as cameras, browsers and editors write them: other codecs, fragments, no length in the header."""

import pytest
from adreel_assets.domain.inspection import InspectionLimits
from adreel_assets.domain.media_types import AssetType

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("name", "codec", "options", "codecs"),
    [
        ("av1.mp4", "libsvtav1", {}, ("av1", "aac")),
        ("av1.webm", "libsvtav1", {}, ("av1", "opus")),
        ("vp9.webm", "libvpx-vp9", {}, ("vp9", "opus")),
        ("hevc.mp4", "libx265", {}, ("hevc", "aac")),
        ("part4.mp4", "mpeg4", {}, ("mpeg4", "aac")),
        ("broadcast.mkv", "mpeg2video", {}, ("mpeg2video", "aac")),
        ("camera.avi", "mjpeg", {}, ("mjpeg", "mp3")),
        ("camera.mov", "mjpeg", {}, ("mjpeg", "aac")),
        ("fragments.mp4", None, {"movflags": "frag_keyframe+empty_moov+default_base_moof"}, ("h264", "aac")),
        ("index_first.mp4", None, {"movflags": "faststart"}, ("h264", "aac")),
        ("recorded_live.webm", None, {"live": "1"}, ("vp8", "opus")),
        ("recorded_live.mkv", None, {"live": "1"}, ("h264", "aac")),
    ],
)
async def test_they_are_read_through_and_drawn(name, codec, options, codecs, make, inspector) -> None:  # type: ignore[no-untyped-def]
    limits = InspectionLimits()
    path = make.film(name, seconds=1.2, codec=codec, options=options)
    found = await inspector.inspect(path, asked_type=AssetType.VIDEO, limits=limits)
    assert found.codecs == codecs
    assert (found.width, found.height, found.fps, found.has_audio) == (160, 90, 25.0, True)
    assert found.duration_seconds == pytest.approx(1.2, abs=0.06)
    assert await inspector.thumbnail(path, found, make.folder / "small", limits=limits) is not None
