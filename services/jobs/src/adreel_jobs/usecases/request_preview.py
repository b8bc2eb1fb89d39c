"""Has the animatic of a storyboard under review drawn: the film's own request, with the scenes as they stand."""

from adreel_kit.db import Database
from adreel_kit.errors import Conflict
from adreel_kit.ids import parse_id

from adreel_jobs.domain.errors import JobNotFound
from adreel_jobs.domain.ports import RenderPort, ScenesPort, Stores
from adreel_jobs.usecases.commit_job import JobCommitter
from adreel_jobs.usecases.scope import scope_id


class NoStoryboardYet(Conflict):
    """Nothing was written that could be drawn."""

    code = "PREVIEW_NOT_READY"


class PreviewRequester:
    """Asks scenes what there is and render to draw it; changes nothing of the job."""

    def __init__(
        self, database: Database, stores: Stores, committer: JobCommitter, scenes: ScenesPort, render: RenderPort
    ) -> None:
        self._database = database
        self._stores = stores
        self._committer = committer
        self._scenes = scenes
        self._render = render

    async def request(self, job_id: str, scope: str) -> None:
        """Return once the animatic is there. Raises JobNotFound, and PREVIEW_NOT_READY while it is drawn."""
        parsed = parse_id(job_id)
        async with self._database.connection() as conn:
            job = None if parsed is None else await self._stores.jobs.load(conn, parsed)
            only = await scope_id(conn, self._stores, scope)
        if job is None or only not in (None, job.client_id):
            raise JobNotFound(job_id)
        board = await self._scenes.read(job.id)
        if board is None:
            raise NoStoryboardYet("There is no storyboard to draw yet.", retry_after_seconds=3)
        async with self._database.connection() as conn:
            request = await self._committer.preview_request(conn, job, board)
        await self._render.ensure_preview(request.model_dump(mode="json"))
