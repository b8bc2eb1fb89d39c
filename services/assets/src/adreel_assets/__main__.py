"""`python -m adreel_assets COMMAND`."""

import sys

from adreel_kit.blobs.settings import load_blob_settings
from adreel_kit.runtime import begin, parse_command, run_service
from adreel_kit.settings import load_settings

from adreel_assets.bootstrap import BLOB_PREFIX, MIGRATIONS, build
from adreel_assets.settings import AssetsSettings


def main() -> int:
    """Run one process of the service."""
    command = parse_command(sys.argv[1:])
    settings = load_settings(AssetsSettings)
    blob_settings = load_blob_settings(key_prefix=BLOB_PREFIX)
    begin("assets", command, settings)
    runtime, parts = build(settings, blob_settings)
    return run_service(command, settings, runtime, parts, migrations=MIGRATIONS)


if __name__ == "__main__":
    sys.exit(main())
