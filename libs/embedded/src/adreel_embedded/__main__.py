"""The `adreel` command, also as `python -m adreel_embedded`."""

import sys

from adreel_embedded.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
