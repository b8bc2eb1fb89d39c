"""`python -m adreel_assets COMMAND`."""

import ctypes
import sys

from adreel_kit.blobs.settings import load_blob_settings
from adreel_kit.runtime import begin, parse_command, run_service
from adreel_kit.settings import load_settings

from adreel_assets.bootstrap import BLOB_PREFIX, MIGRATIONS, build
from adreel_assets.settings import AssetsSettings

_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE_BYTES = 1024 * 1024


def main() -> int:
    """Run one process of the service."""
    command = parse_command(sys.argv[1:])
    settings = load_settings(AssetsSettings)
    blob_settings = load_blob_settings(key_prefix=BLOB_PREFIX)
    begin("assets", command, settings)
    _give_large_blocks_back()
    runtime, parts = build(settings, blob_settings)
    return run_service(command, settings, runtime, parts, migrations=MIGRATIONS)


def _give_large_blocks_back() -> None:
    """Have glibc return large buffers to the system when they are freed.

    By itself it raises that threshold to the size of what was freed last, and then each thread that ever sent a part of
    an upload keeps as much for good.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have no such call, and no such habit
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


if __name__ == "__main__":
    sys.exit(main())
