"""What is refused before anything is made: values, backends, references, pictures that are none."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from adreel.render.v1 import music_video_pb2 as pb
from adreel_kit.blobs.port import BlobRef
from adreel_kit.errors import RemoteError
from PIL import Image

VIDEO: dict[str, Any] = {"prompt": "A storm"}
IMAGE: dict[str, Any] = {"character_description": "A clown"}

REFUSED_VIDEOS: list[dict[str, Any]] = [
    {"prompt": ""},
    {"prompt": "   \n"},
    {"backend": "veo"},
    {"backend": "LOCAL"},
    {"aspect_ratio": "4:3"},
    {"aspect_ratio": "1:1", "backend": "replicate"},
    {"aspect_ratio": "16x9"},
    {"aspect_ratio": "1:1", "backend": "gemini"},
    {"duration": 0, "backend": "local"},
    {"duration": -4, "backend": "local"},
    {"duration": 61, "backend": "local"},
    {"duration": 2**40, "backend": "local"},
    {"duration": 5},
    {"duration": 7},
    {"duration": 10},
    {"duration": 2, "backend": "gemini"},
    {"duration": 16, "backend": "gemini"},
    {"resolution": "4k"},
    {"resolution": "1080"},
    {"output_format": "avi"},
    {"output_format": "webm", "backend": "local"},
    {"person_generation": "allow_none"},
    {"person_generation": "ALLOW_ALL", "backend": "local"},
    {"seed": -1},
    {"seed": 2**31},
    {"seed": 2**40, "backend": "gemini"},
    {"video_rules_template": "../../etc/passwd"},
    {"video_rules_template": "Cinematic"},
    {"video_rules_template": "default"},
]
REFUSED_IMAGES: list[dict[str, Any]] = [
    {"character_description": ""},
    {"character_description": "\t"},
    {"backend": "imagen"},
    {"aspect_ratio": "2:1"},
    {"aspect_ratio": "21:9", "backend": "local"},
    {"safety_filter_level": "none"},
    {"safety_filter_level": "block_none", "backend": "replicate"},
    {"person_generation": "adults"},
    {"output_format": "gif"},
    {"output_format": "svg", "backend": "local"},
    {"output_format": "../png"},
    {"seed": -7, "backend": "local"},
    {"seed": 2**33},
]
REFUSED_MERGES: list[dict[str, Any]] = [
    {"video_ids": []},
    {"video_ids": ["01a1fce3-3c95-7468-a3eb-bab14220ed23"]},
    {"video_ids": ["01a1fce3-3c95-7468-a3eb-bab14220ed23"] * 21},
    {"video_ids": ["a", "b"], "transition": "star wipe"},
    {"video_ids": ["a", "b"], "transition": "cut; rm -rf /"},
]


@pytest.fixture
async def keyed(open_studio):
    async with open_studio(keys=("replicate", "gemini")) as studio:
        yield studio


async def refused(studio: Any, **order: Any) -> RemoteError:
    with pytest.raises(RemoteError) as error:
        await studio.create(**order)
    return error.value


async def test_values_that_no_model_takes_are_refused_before_anything_is_stored_or_bought(keyed) -> None:
    orders = [
        *({"video": pb.MvVideoOrder(**(VIDEO | fields))} for fields in REFUSED_VIDEOS),
        *({"image": pb.MvImageOrder(**(IMAGE | fields))} for fields in REFUSED_IMAGES),
        *({"merge": pb.MvMergeOrder(**fields)} for fields in REFUSED_MERGES),
    ]
    assert len(orders) >= 40
    for order in orders:
        error = await refused(keyed, **order)
        assert (error.code, error.http_status) == ("INVALID_PARAMETER", 422), (order, error)
        assert error.message.endswith(".")

    async with keyed.database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM mv_tasks") == 0
        assert await conn.fetchval("SELECT count(*) FROM work_items") == 0
    assert keyed.shop.orders == []


async def test_a_refusal_says_what_is_taken(keyed) -> None:
    error = await refused(keyed, video=pb.MvVideoOrder(prompt="A storm", duration=5))
    assert error.message == "duration must be one of 4, 6, 8 s, not 5."
    error = await refused(keyed, video=pb.MvVideoOrder(prompt="A storm", video_rules_template="noir"))
    assert "cinematic" in error.message


async def test_a_named_backend_without_its_key_is_refused_and_never_replaced(open_studio) -> None:
    async with open_studio(falls_back=True) as studio:
        for backend, setting in (("replicate", "REPLICATE_API_TOKEN"), ("gemini", "GEMINI_API_KEY")):
            for order in (
                {"video": pb.MvVideoOrder(prompt="A storm", backend=backend)},
                {"image": pb.MvImageOrder(character_description="A clown", backend=backend)},
            ):
                error = await refused(studio, **order)
                assert error.code == "MISSING_API_KEY"
                assert setting in error.message
                assert error.details["backend"] == backend


async def test_without_the_fall_back_a_missing_default_key_is_refused_too(open_studio) -> None:
    async with open_studio(falls_back=False) as studio:
        error = await refused(studio, video=pb.MvVideoOrder(prompt="A storm"))
        assert (error.code, error.details["backend"]) == ("MISSING_API_KEY", "replicate")
        named = await studio.create(image=pb.MvImageOrder(character_description="A clown", backend="local"))
        assert named.backend == "local"


async def test_references_that_are_not_there_are_refused(studio) -> None:
    clip = await studio.made(video=pb.MvVideoOrder(prompt="Short", duration=1, resolution="720p"))
    kept = pb.KeptPicture(sha256="a" * 64, size_bytes=10, content_type="image/png")
    for fields, code in (
        ({"reference_id": "01a1fce3-3c95-7468-a3eb-bab14220ed23"}, "NOT_FOUND"),
        ({"reference_id": "'; DROP TABLE mv_tasks"}, "NOT_FOUND"),
        ({"reference_id": clip.id}, "NOT_FOUND"),
        ({"reference_id": clip.id, "reference": kept}, "INVALID_PARAMETER"),
    ):
        assert (await refused(studio, video=pb.MvVideoOrder(prompt="A storm", **fields))).code == code


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_that_says(width: int, height: int) -> bytes:
    """A PNG whose header promises a picture of that size and whose data does not."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


PHOTO = Image.fromarray(np.random.default_rng(3).integers(0, 255, (300, 400, 3)).astype(np.uint8))

BROKEN = {
    "empty": b"",
    "text": b"hello" * 100,
    "html": b"<html><script>alert(1)</script></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "cut off": encoded(PHOTO, "PNG")[:2000],
    "header alone": encoded(PHOTO, "JPEG")[:20],
    "a bomb": png_that_says(60_000, 60_000),
    "no data": png_that_says(400, 300)[:60],
    "too small": encoded(PHOTO.resize((20, 20)), "PNG"),
    "a zip": b"PK\x03\x04" + bytes(200),
    "a pdf": b"%PDF-1.7\n" + bytes(200),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
    "a film": b"\x00\x00\x00\x18ftypmp42" + bytes(400),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_bytes_that_are_no_picture_are_refused(studio, name: str) -> None:
    with pytest.raises(RemoteError) as error:
        await studio.keep(BROKEN[name])

    assert (error.value.code, error.value.http_status) == ("INVALID_REFERENCE_IMAGE", 422)
    assert "/" not in error.value.message  # no path of ours


async def test_more_bytes_than_a_picture_may_have_are_refused(studio) -> None:
    with pytest.raises(RemoteError) as error:
        await studio.keep(encoded(PHOTO, "PNG") + bytes(20 * 1024 * 1024))
    assert "20 MB" in error.value.message


async def test_what_is_kept_is_a_clean_copy(studio) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret words"
    exif[0x0112] = 6  # lies on its side
    given = encoded(PHOTO, "JPEG", exif=exif, comment=b"more secrets")

    kept = await studio.keep(given)

    path = studio.blobs.local_path(BlobRef(kept.sha256, kept.size_bytes))
    content = path.read_bytes()
    assert b"secret" not in content
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == ("JPEG", (300, 400))
    assert kept.content_type == "image/jpeg"
    assert kept.sha256 == (await studio.keep(given)).sha256


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
async def test_pictures_of_every_usual_kind_are_taken(studio, kind: str) -> None:
    kept = await studio.keep(encoded(PHOTO, kind))
    assert kept.content_type == "image/jpeg"


async def test_transparency_is_kept(studio) -> None:
    cut_out = Image.fromarray(np.dstack([np.asarray(PHOTO), np.tile(np.arange(400, dtype=np.uint8), (300, 1))]))
    assert (await studio.keep(encoded(cut_out, "PNG"))).content_type == "image/png"
