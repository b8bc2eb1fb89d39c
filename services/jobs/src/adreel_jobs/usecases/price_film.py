"""What a job's film costs as its storyboard stands, and how much of that is not bought yet: render's own figures."""

from adreel_kit.db import Database

from adreel_jobs.domain.cost import total_micros
from adreel_jobs.domain.job import Job
from adreel_jobs.domain.ports import FilmPrice, RenderPort, ScenesPort
from adreel_jobs.usecases.commit_job import JobCommitter
from adreel_jobs.usecases.estimates import as_estimate, estimate_render


class FilmPricer:
    """Asks scenes what is to be filmed and render what it costs; changes nothing."""

    def __init__(self, database: Database, committer: JobCommitter, scenes: ScenesPort, render: RenderPort) -> None:
        self._database = database
        self._committer = committer
        self._scenes = scenes
        self._render = render

    async def price(self, job: Job) -> FilmPrice:
        """Raises what scenes and render raise."""
        board = await self._scenes.read(job.id)
        if board is None:
            lines = as_estimate(await estimate_render(self._render, job.input, job.progress.scenes_total))
            return FilmPrice(lines, total_micros(lines, state="estimated"))
        async with self._database.connection() as conn:
            request = await self._committer.preview_request(conn, job, board)
        film = await self._render.price_film(request.model_dump(mode="json"))
        return FilmPrice(as_estimate(film.lines), film.open_micros)
