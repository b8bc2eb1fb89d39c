"""Scenes of a job: list, read, edit, add, remove, order, revisions.

The scenes service knows no API keys, so every route asks jobs first whether its caller may see the job.
"""

from typing import Annotated

from adreel.scenes.v1 import scenes_pb2 as pb
from adreel_kit.errors import NotFound
from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from adreel_gateway.entrypoints.http.dependencies import By, Calls, JobId, Repeatable, SceneNumber
from adreel_gateway.entrypoints.http.preconditions import etag_of, expected_revision
from adreel_gateway.entrypoints.http.v3.envelope import Envelope, ListEnvelope, Page, answer, errors, sliced
from adreel_gateway.entrypoints.http.v3.models.scenes import (
    RevisionOut,
    SceneAdd,
    SceneIn,
    SceneOrder,
    SceneOut,
    scenes_of,
)
from adreel_gateway.usecases.neighbours import Neighbours

router = APIRouter(prefix="/jobs/{jobId}/scenes", tags=["v3-jobs"])

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The scene's ETag, so that an edit made meanwhile is not overwritten."),
]


@router.get("", summary="List scenes", responses=errors(404))
async def list_scenes(job_id: JobId, calls: Calls, by: By, page: Page) -> ListEnvelope[SceneOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    return sliced(scenes_of(await calls.scenes.get_storyboard(job_id)), page)


@router.post("", status_code=201, summary="Add a scene", responses=errors(404, 409), dependencies=[Repeatable])
async def add_scene(job_id: JobId, body: SceneAdd, calls: Calls, by: By) -> ListEnvelope[SceneOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    storyboard = await calls.scenes.add_scene(
        pb.AddSceneRequest(job_id=job_id, scene_number=body.scene_number or 0, fields=body.to_message(), actor=by.name)
    )
    return sliced(scenes_of(storyboard))


@router.put("/order", summary="Put the scenes in another order", responses=errors(404, 409))
async def reorder_scenes(job_id: JobId, body: SceneOrder, calls: Calls, by: By) -> ListEnvelope[SceneOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    return sliced(scenes_of(await calls.scenes.reorder_scenes(job_id, body.scene_numbers, actor=by.name)))


@router.get("/{sceneNumber}", summary="Read a scene", responses=errors(404))
async def get_scene(
    job_id: JobId, scene_number: SceneNumber, response: Response, calls: Calls, by: By
) -> Envelope[SceneOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    return _answer(await _scene(calls, job_id, scene_number), response)


@router.put("/{sceneNumber}", summary="Edit a scene", responses=errors(404, 409, 412))
async def update_scene(
    job_id: JobId,
    scene_number: SceneNumber,
    body: SceneIn,
    response: Response,
    calls: Calls,
    by: By,
    if_match: IfMatch = None,
) -> Envelope[SceneOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    revision = await _expected(calls, job_id, scene_number, if_match)
    scene = await calls.scenes.update_scene(
        pb.UpdateSceneRequest(
            job_id=job_id,
            scene_number=scene_number,
            patch=body.to_message(),
            expected_revision=revision,
            actor=by.name,
        )
    )
    return _answer(scene, response)


@router.delete("/{sceneNumber}", summary="Remove a scene", responses=errors(404, 409, 412))
async def delete_scene(
    job_id: JobId, scene_number: SceneNumber, calls: Calls, by: By, if_match: IfMatch = None
) -> ListEnvelope[SceneOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    revision = await _expected(calls, job_id, scene_number, if_match)
    storyboard = await calls.scenes.delete_scene(
        pb.DeleteSceneRequest(job_id=job_id, scene_number=scene_number, expected_revision=revision, actor=by.name)
    )
    return sliced(scenes_of(storyboard))


@router.get("/{sceneNumber}/revisions", summary="What the scene was before", responses=errors(404))
async def list_revisions(
    job_id: JobId, scene_number: SceneNumber, calls: Calls, by: By, page: Page
) -> ListEnvelope[RevisionOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    return sliced(RevisionOut.of_all(await calls.scenes.list_revisions(job_id, scene_number)), page)


@router.post(
    "/{sceneNumber}/revisions/{revision}/restore",
    summary="Take the scene back to a revision",
    responses=errors(404, 409),
    dependencies=[Repeatable],
)
async def restore_revision(
    job_id: JobId,
    scene_number: SceneNumber,
    revision: Annotated[int, Path(ge=1, le=1_000_000)],
    response: Response,
    calls: Calls,
    by: By,
) -> Envelope[SceneOut]:
    await calls.jobs.get_job(job_id, scope=by.client_id)
    return _answer(await calls.scenes.restore_revision(job_id, scene_number, revision, actor=by.name), response)


async def _scene(calls: Neighbours, job_id: str, scene_number: int) -> pb.Scene:
    storyboard = await calls.scenes.get_storyboard(job_id)
    for scene in storyboard.scenes if storyboard else ():
        if scene.scene_number == scene_number:
            return scene
    raise NotFound(f"The job has no scene {scene_number}.", details={"sceneNumber": scene_number})


async def _expected(calls: Neighbours, job_id: str, scene_number: int, if_match: str | None) -> int:
    """The revision that must still be the present one; 0 for whichever it is."""
    if if_match is None:
        return 0
    current = (await _scene(calls, job_id, scene_number)).revision
    return expected_revision(if_match, current)


def _answer(scene: pb.Scene, response: Response) -> Envelope[SceneOut]:
    response.headers["etag"] = etag_of(scene.revision)
    return answer(SceneOut.of(scene))
