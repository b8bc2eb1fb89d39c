"""Asset URLs that disappoint: each gets its own error, and none sinks a job that has a good one."""

from adreel_testkit.suite.client import SuiteClient, is_completed
from adreel_testkit.suite.web import HUGE_BYTES, Web


def _bad_urls(web: Web) -> dict[str, str]:
    """The error code that each URL deserves."""
    return {
        web.url("missing.jpg"): "ASSET_HTTP_ERROR",
        web.url("page.jpg"): "ASSET_TYPE_UNSUPPORTED|ASSET_TYPE_MISMATCH",
        web.url("huge.jpg"): "ASSET_TOO_LARGE",
        web.url("endless.jpg"): "ASSET_TOO_LARGE",
        "http://10.0.0.1/photo.jpg": "ASSET_URL_FORBIDDEN",
        "http://[::1]/photo.jpg": "ASSET_URL_FORBIDDEN",
        "http://127.0.0.1:9/photo.jpg": "ASSET_URL_FORBIDDEN",
        "http://169.254.169.254/latest/meta-data/photo.jpg": "ASSET_URL_FORBIDDEN",
    }


async def test_bad_assets_get_their_errors_and_the_job_goes_on_with_the_good_one(
    api: SuiteClient, web: Web, order
) -> None:
    bad = _bad_urls(web)
    job = await api.create_job(order("evening-meadow", urls=tuple(bad), seconds=5))
    assert job["status"] == "storyboard_review", job["error"]
    found = {asset["sourceUrl"]: asset for asset in job["assets"]}
    for url, codes in bad.items():
        assert found[url]["status"] == "failed", url
        assert found[url]["error"]["code"] in codes.split("|"), (url, found[url]["error"])
        assert found[url]["error"]["message"], url
    good = found[web.url("photo/evening-meadow.jpg")]
    assert good["status"] == "ready"
    assert {asset for scene in job["scenes"] for asset in scene["assets"]} == {good["id"]}
    # Neither body was taken whole: the limit is 5 MB, and the kernel's buffers hold a few more.
    assert web.sent_bytes.get("/huge.jpg", 0) < HUGE_BYTES / 50
    assert 0 < web.sent_bytes["/endless.jpg"] < HUGE_BYTES / 50
    await api.act(job["id"], "approve_storyboard")
    await api.until(job["id"], is_completed)


async def test_a_job_none_of_whose_assets_can_be_had_fails_with_the_reason(api: SuiteClient, web: Web, order) -> None:
    response = await api.http.post("/jobs", json=order(urls=tuple(_bad_urls(web))))
    assert response.status_code == 201
    job = response.json()["data"]
    assert job["status"] == "failed"
    assert job["error"]["code"] == "ASSETS_UNAVAILABLE"
    assert {asset["status"] for asset in job["assets"]} == {"failed"}
