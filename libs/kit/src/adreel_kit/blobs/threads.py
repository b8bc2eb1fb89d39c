"""A small set of threads for calls that block, so that one slow store does not use up everybody's threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Runs blocking calls in at most `width` threads; further calls wait their turn.

    A cancelled caller gets its `CancelledError` only when its call has ended or will never start: a caller may
    therefore close files and connections in its `finally` without pulling them away from a running thread.
    """

    def __init__(self, name: str, width: int) -> None:
        self._executor = ThreadPoolExecutor(max_workers=width, thread_name_prefix=name)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run_until(lambda: None, call, *args, **kwargs)

    async def run_until(self, stop: Callable[[], None], call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`; calls `stop` when the caller is cancelled, so that a long call may end early."""
        future = self._executor.submit(call, *args, **kwargs)
        waiter = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            if not future.cancel():
                stop()
                await _until_done(waiter)
            raise

    def close(self) -> None:
        """Refuse further calls; those under way end by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)


async def _until_done(waiter: "asyncio.Future[T]") -> None:
    while not waiter.done():
        try:
            await asyncio.wait({waiter})
        except asyncio.CancelledError:
            continue
    if not waiter.cancelled():
        waiter.exception()  # its outcome has nobody left to go to; asking for it keeps asyncio from complaining
