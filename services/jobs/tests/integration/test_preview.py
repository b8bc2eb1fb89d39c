"""The animatic of a storyboard under review: what render is asked for, and when there is nothing to ask."""

from typing import Any

import pytest
from adreel_jobs.domain.errors import JobNotFound
from adreel_jobs.domain.job_input import JobInput
from adreel_jobs.usecases.request_preview import NoStoryboardYet

pytestmark = pytest.mark.connected


async def test_render_is_asked_for_the_scenes_as_they_stand_and_the_job_stays_as_it_is(
    service: Any, without_assets: JobInput
) -> None:
    job_id = await service.in_review(without_assets)
    before = (await service.job(job_id)).job.version
    await service.parts.usecases.preview.request(str(job_id), "")
    (asked,) = service.render.previews
    assert asked["job_id"] == str(job_id)
    assert [scene["scene_number"] for scene in asked["scenes"]] == [1, 2, 3]
    assert asked["video"]["fps"] == without_assets.video.fps
    assert (await service.job(job_id)).job.version == before


async def test_without_a_storyboard_there_is_nothing_to_draw_yet(service: Any, without_assets: JobInput) -> None:
    job_id = await service.in_review(without_assets)
    service.scenes.version = 0
    with pytest.raises(NoStoryboardYet) as caught:
        await service.parts.usecases.preview.request(str(job_id), "")
    assert caught.value.code == "PREVIEW_NOT_READY"
    assert service.render.previews == []


@pytest.mark.parametrize("job_id", ["00000000-0000-4000-8000-00000000abcd", "none", ""])
async def test_a_job_that_does_not_exist_has_no_preview(service: Any, job_id: str) -> None:
    with pytest.raises(JobNotFound):
        await service.parts.usecases.preview.request(job_id, "")
