"""`python -m adreel_jobs grpc | worker | relay | consumers | migrate | all`."""

import sys

from adreel_kit.runtime import begin, parse_command, run_service
from adreel_kit.settings import load_settings

from adreel_jobs.bootstrap import MIGRATIONS, build
from adreel_jobs.settings import JobsSettings


def main() -> int:
    """Run the command named on the command line; returns the exit code."""
    command = parse_command(sys.argv[1:])
    settings = load_settings(JobsSettings)
    begin("jobs", command, settings)
    runtime, parts = build(settings)
    return run_service(command, settings, runtime, parts, migrations=MIGRATIONS)


if __name__ == "__main__":
    sys.exit(main())
