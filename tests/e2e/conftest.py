"""The suite on both stacks, a corner of the web to take assets from, orders, and eyes for pictures."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import pytest_asyncio
from adreel_embedded.stack import Stack
from adreel_testkit.suite.client import SuiteClient
from adreel_testkit.suite.for_tests import suite_under_test
from adreel_testkit.suite.stacks import StackKind
from adreel_testkit.suite.web import Web, serve_web

EXAMPLES = Path(__file__).parents[2] / "examples"
PHOTOGRAPHS = {path.stem: path for path in sorted(EXAMPLES.glob("*.jpg"))}

# Small, so that three gigabytes are refused after a moment; the examples are below 1 MB.
LARGEST_ASSET_MB = 5

Order = dict[str, Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test below this folder runs the whole suite, in the event loop in which the suite was started."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(900))  # a minute where nothing else runs; a busy machine is no failure
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def web() -> Iterator[Web]:
    with serve_web({path.name: path for path in PHOTOGRAPHS.values()}) as served:
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=list(StackKind))
async def suite(request: pytest.FixtureRequest, web: Web) -> AsyncIterator[Stack]:
    """The five services, once on the embedded parts and once on RabbitMQ, PostgreSQL and S3."""
    settings = {"ASSET_ALLOWED_HOSTS": web.host, "MAX_ASSET_DOWNLOAD_SIZE_MB": str(LARGEST_ASSET_MB)}
    async with suite_under_test(request.param, settings) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def api(suite: Stack) -> AsyncIterator[SuiteClient]:
    async with SuiteClient(suite.base_url) as client:
        yield client


@pytest.fixture
def order(web: Web, request: pytest.FixtureRequest) -> Callable[..., Order]:
    """Builds the body of POST /jobs: a short, small film of the pictures named, or of the URLs given."""

    def build(*photographs: str, urls: tuple[str, ...] = (), seconds: float = 6, folder: str = "photo") -> Order:
        addresses = [web.url(f"{folder}/{name}.jpg") for name in photographs] + list(urls)
        return {
            "context": {"clientId": "e2e"},
            "adBasics": {
                # The test's name in the words of the ad: no test finds another one's clips in a cache.
                "product": f"Vereda Walks {abs(hash(request.node.nodeid)) % 10_000}",
                "targetAudience": "people who like long days outdoors",
                "keyMessage": "A week of walking where everything else is taken care of",
                "callToAction": "Book your week",
            },
            "creative": {
                "direction": {"style": "Documentary"},
                "assets": [{"url": url, "type": "image", "name": url.rsplit("/", 1)[-1]} for url in addresses],
            },
            "video": {"durationSeconds": seconds, "resolution": "720p", "fps": 24, "backend": "local"},
        }

    return build


@pytest.fixture(scope="session")
def recognised() -> Callable[[Path], dict[str, int]]:
    """Tells how surely each of the example photographs is seen in a film; see `_Eyes`."""
    return _Eyes(PHOTOGRAPHS).strongest_sightings


class _Eyes:
    """Finds photographs in frames whatever crop, zoom, grading or lettering they have got.

    ORB features of a photograph are matched with those of a frame, and counted where one similarity transform (a crop
    and a zoom) explains them: a frame that shows the photograph gives hundreds, any other picture gives a handful.
    """

    def __init__(self, photographs: dict[str, Path]) -> None:
        self._orb = cv2.ORB_create(nfeatures=1500)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
        self._known = {name: self._features(_grey(path)) for name, path in photographs.items()}

    def strongest_sightings(self, film: Path) -> dict[str, int]:
        """For each photograph the largest number of agreeing features in any of two frames a second."""
        best = dict.fromkeys(self._known, 0)
        for frame in _frames(film, per_second=2):
            seen = self._features(frame)
            for name, known in self._known.items():
                best[name] = max(best[name], self._agreeing(known, seen))
        return best

    def _features(self, picture: np.ndarray) -> tuple[Any, Any]:
        return self._orb.detectAndCompute(picture, None)

    def _agreeing(self, known: tuple[Any, Any], seen: tuple[Any, Any]) -> int:
        if seen[1] is None or len(seen[1]) < 2:
            return 0
        pairs = self._matcher.knnMatch(known[1], seen[1], k=2)
        good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.75 * pair[1].distance]
        if len(good) < 4:
            return 0
        there = np.float32([known[0][match.queryIdx].pt for match in good])
        here = np.float32([seen[0][match.trainIdx].pt for match in good])
        _, inliers = cv2.estimateAffinePartial2D(there, here, ransacReprojThreshold=4)
        return 0 if inliers is None else int(inliers.sum())


def _grey(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    scale = 1280 / max(picture.shape)
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _frames(film: Path, *, per_second: int) -> Iterator[np.ndarray]:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        every = round(float(stream.average_rate) / per_second)
        for number, frame in enumerate(container.decode(stream)):
            if number % every == every // 2:
                yield frame.to_ndarray(format="gray")
