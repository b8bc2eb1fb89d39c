"""A storyboard or a scene was asked for: remember it and order the work."""

from adreel_kit import work_items
from adreel_kit.bus import Message, Outcome

from adreel_scenes.adapters.postgres import storyboards
from adreel_scenes.domain.request import JobCancelled, StoryboardRequested
from adreel_scenes.domain.timing import milliseconds

WRITE_KIND = "write"


async def order_writing(message: Message[StoryboardRequested]) -> Outcome:
    """Handle `storyboard.requested.v1`; a repeated request orders nothing twice."""
    request = message.event
    ordered = await work_items.enqueue(
        message.conn,
        kind=WRITE_KIND,
        key=str(request.request_id),
        subject=str(request.job_id),
        payload=request.model_dump(mode="json"),
        # A model's passing troubles are retried; each attempt costs a fraction of a cent.
        max_attempts=4,
    )
    if ordered:
        await storyboards.begin_writing(message.conn, request, milliseconds(request.video.duration_seconds))
    return None


async def cancel_writing(message: Message[JobCancelled]) -> Outcome:
    """Handle `job.cancelled.v1`: stop what is being written, keep what was."""
    await work_items.cancel(message.conn, subject=str(message.event.job_id))
    await storyboards.end_writing(message.conn, message.event.job_id)
    return None
