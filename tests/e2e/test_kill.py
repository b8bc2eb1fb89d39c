"""kill -9 of one service in the middle of a job, twice: the supervisor restarts it, and the job completes."""

import pytest
from adreel_embedded.child import ChildState
from adreel_embedded.services import SERVICES
from adreel_embedded.stack import Stack
from adreel_testkit.suite.client import SuiteClient, is_completed, is_in_review, is_rendering_past

# A length of its own for each: clips of another test's film of the same length would be in the renderer's cache, and
# this film done before anything could be killed.
LENGTHS_SECONDS = {service: 9 + number / 2 for number, service in enumerate(SERVICES)}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_job_completes_although_a_service_is_killed_twice(
    suite: Stack, api: SuiteClient, order, service: str
) -> None:
    child = suite.supervisor.child(service)
    restarts = child.restarts

    # The pictures take two seconds to come, so that the first kill is in the middle of their download.
    job = await api.create_job(
        order("mountain-trail", "autumn-ridge", folder="slow", seconds=LENGTHS_SECONDS[service]), prefer="respond-async"
    )
    assert job["phase"] == "ingesting_assets"
    await child.kill()
    reviewed = await api.until(job["id"], is_in_review)
    assert [asset["status"] for asset in reviewed["assets"]] == ["ready", "ready"]
    await child.until_ready()

    await api.act(job["id"], "approve_storyboard")
    seen = await api.until(job["id"], is_rendering_past(0))
    await child.kill()
    done = await api.until(job["id"], is_completed)

    assert done["progress"]["percent"] >= seen["progress"]["percent"]
    assert (await api.http.get(f"/jobs/{job['id']}/video")).status_code == 200
    await child.until_ready()
    assert child.state is ChildState.READY
    assert child.restarts == restarts + 2
