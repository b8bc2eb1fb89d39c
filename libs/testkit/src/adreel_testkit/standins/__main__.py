"""`python -m adreel_testkit.standins`: the video stand-in on a port, for trying the paid backends without a key.

Prints the settings that lead a suite to it, ready for `eval`, and serves until it is ended. Its books are kept in a
folder, so they survive a restart; `GET /__standin/creations` shows them, `POST /__standin/faults` orders faults.
"""

import argparse
import asyncio
import shlex
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from adreel_testkit.standins.video_app import VideoStandin

DEFAULT_PORT = 8099


def settings_for(standin: VideoStandin) -> Mapping[str, str]:
    """What a suite has to be started with. The keys are accepted by the stand-in alone."""
    return {
        "REPLICATE_API_TOKEN": "standin",
        "REPLICATE_BASE_URL": standin.replicate_url,
        "GEMINI_API_KEY": "standin",
        "GOOGLE_GEMINI_BASE_URL": standin.url,
        "PROVIDER_OUTPUT_ALLOWED_HOSTS": standin.host,
        # With a key for Gemini it would write the storyboards too, and the stand-in writes none.
        "AI_PROVIDER": "template",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m adreel_testkit.standins", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"on loopback ({DEFAULT_PORT}; 0: any free one)")
    parser.add_argument("--folder", type=Path, default=Path("out/standin"), help="where its books are (out/standin)")
    parser.add_argument("--work-seconds", type=float, default=3.0, help="how long it takes to make a clip (3)")
    chosen = parser.parse_args(arguments)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(chosen.port, chosen.folder, chosen.work_seconds))


async def _serve(port: int, folder: Path, work_seconds: float) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with VideoStandin(folder, work_seconds=work_seconds, port=port) as standin:
        # After its own start: a server takes the signals for itself.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        for name, value in settings_for(standin).items():
            print(f"export {name}={shlex.quote(value)}", flush=True)
        print(f"# Books: {standin.url}/__standin/creations", flush=True)
        await ended.wait()


if __name__ == "__main__":
    main()
