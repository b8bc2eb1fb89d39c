"""`python -m adreel_gateway all | http | consumers | relay | worker | migrate`, or `keys create | list | revoke`."""

import sys

from adreel_kit.runtime import HTTP_COMMANDS, begin, parse_command, run_service
from adreel_kit.settings import load_settings

from adreel_gateway.bootstrap import MIGRATIONS, build
from adreel_gateway.entrypoints.keys_command import run_keys_command
from adreel_gateway.settings import GatewaySettings


def main() -> int:
    if sys.argv[1:2] == ["keys"]:
        return run_keys_command(sys.argv[2:])
    command = parse_command(sys.argv[1:], HTTP_COMMANDS)
    settings = load_settings(GatewaySettings)
    begin("gateway", command, settings)
    runtime, parts = build(settings)
    return run_service(command, settings, runtime, parts, migrations=MIGRATIONS)


if __name__ == "__main__":
    sys.exit(main())
