"""`python -m adreel_scenes COMMAND`."""

import sys

from adreel_kit.runtime import begin, parse_command, run_service
from adreel_kit.settings import load_settings

from adreel_scenes.adapters.config_files import ConfigFileBroken
from adreel_scenes.bootstrap import MIGRATIONS, build
from adreel_scenes.settings import ScenesSettings


def main() -> int:
    """Run one process of the service."""
    command = parse_command(sys.argv[1:])
    settings = load_settings(ScenesSettings)
    begin("scenes", command, settings)
    try:
        runtime, parts = build(settings)
    except ConfigFileBroken as error:
        print(error, file=sys.stderr)
        return 2
    return run_service(command, settings, runtime, parts, migrations=MIGRATIONS)


if __name__ == "__main__":
    sys.exit(main())
