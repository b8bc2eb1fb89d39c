"""Choosing another clip for a scene of a finished film: no clip is made, only the joins."""

import uuid

from adreel_kit import work_items
from adreel_kit.db import Connection, Database
from adreel_kit.ids import new_id, parse_id

from adreel_render.adapters.postgres import renders
from adreel_render.domain.errors import RenderNotFound, RenderRunning, TakeDoesNotFit
from adreel_render.domain.film_layout import lay_out
from adreel_render.domain.request import RenderRequested
from adreel_render.usecases.end_scenes import order_film
from adreel_render.usecases.start_render import order_voices


class SelectTake:
    """Makes a take the scene's own and has the film joined anew; the film served stays until the new one is whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def select(self, job_id: str, scene_number: int, take_id: str) -> uuid.UUID:
        """Returns the take's id. Raises RenderNotFound, RenderRunning, TakeDoesNotFit. Safe to repeat."""
        job, take = parse_id(job_id), parse_id(take_id)
        if job is None or take is None:
            raise RenderNotFound("There is no such take.")
        async with self._database.transaction() as conn:
            await work_items.lock_subject(conn, str(job))
            found = await renders.find_take(conn, job, scene_number, take)
            if found is None:
                raise RenderNotFound("There is no such take of this scene.")
            if found.is_selected:
                return take
            latest = await renders.latest_render(conn, job)
            if latest is None or latest.state != "completed":
                raise RenderRunning("Takes are chosen once the film is finished.")
            request = latest.request
            if found.frame_count != lay_out(request).clips[scene_number - 1].frame_count:
                raise TakeDoesNotFit("This take was made for another length or other transitions of the scene.")
            await renders.choose_take(conn, found)
            await self._join_anew(conn, request, scene_number, found.clip_key)
        return take

    async def _join_anew(self, conn: Connection, request: RenderRequested, scene_number: int, clip_key: str) -> None:
        anew = request.model_copy(update={"render_id": new_id()})
        await renders.insert_render(conn, anew, [clip.body_frames for clip in lay_out(anew).clips])
        await renders.copy_clips(conn, request.render_id, anew.render_id)
        await renders.set_clip(conn, anew.render_id, scene_number, clip_key)
        await work_items.cancel(conn, subject=str(request.job_id))
        if anew.video.voiceover:
            # Spoken already, as a rule: then this costs a look at each. Its end orders the film.
            await order_voices(conn, anew)
        else:
            await order_film(conn, anew)
