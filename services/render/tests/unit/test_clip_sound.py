"""Which user clip is heard in a scene."""

import uuid

import pytest
from adreel_render.domain.request import RenderRequested
from adreel_render.usecases.describe_scene import clip_heard

CLIP = {"type": "video", "format": "mp4", "has_audio": True}
SILENT = CLIP | {"has_audio": False}
PICTURE = {"type": "image", "format": "png"}
LOGO = PICTURE | {"role": "logo"}
DRAWING = {"type": "image", "format": "svg"}


@pytest.mark.parametrize(
    ("assets", "is_heard"),
    [
        ([CLIP], True),
        ([LOGO, CLIP], True),
        ([DRAWING, CLIP], True),  # not shown
        ([SILENT], False),
        ([PICTURE], False),
        ([PICTURE, CLIP], False),
        ([CLIP, CLIP], False),
        ([], False),
    ],
)
def test_a_clip_is_heard_where_it_is_shown_alone(assets, is_heard):
    ids = [str(uuid.UUID(int=n + 1)) for n in range(len(assets))]
    request = RenderRequested.model_validate(
        {
            "job_id": str(uuid.uuid4()),
            "render_id": str(uuid.uuid4()),
            "client_id": str(uuid.uuid4()),
            "storyboard_version": 1,
            "scenes": [
                {"id": str(uuid.uuid4()), "scene_number": 1, "duration_seconds": 4.0, "description": "", "script": "",
                 "shot_type": "wide", "transition": "cut", "asset_ids": ids, "revision": 1}
            ],
            "assets": [
                {"asset_id": one, "sha256": f"{n:064x}", "size_bytes": 1, **asset}
                for n, (one, asset) in enumerate(zip(ids, assets, strict=True))
            ],
            "brief": {"product": "Lamp", "call_to_action": "Buy"},
            "video": {"duration_seconds": 4.0, "aspect_ratio": "16:9", "resolution": "720p", "fps": 24,
                      "captions": True, "voiceover": False, "backend": "local"},
        }
    )  # fmt: skip
    heard = clip_heard(request, request.scenes[0])
    assert (heard is not None) is is_heard
    if heard is not None:
        assert heard.type == "video"
