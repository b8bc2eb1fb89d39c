"""Where an installation keeps its data.

One directory per installation: `ADREEL_HOME` where it is set, else `.adreel/` in the checkout, else
`~/.local/share/adreel`. Two checkouts never share a database: whatever has to live outside (root's PostgreSQL data,
which `nobody` must reach; sockets, whose paths must be short) is named by a key made from the directory's own path.
"""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adreel_embedded.errors import StateDirectoryError

SHARED_ROOT_DIRECTORY = Path("/var/lib/adreel")  # for root alone: the one place that `nobody` can surely reach

# sun_path holds 104 bytes on macOS and 108 on Linux; the server adds "/.s.PGSQL.65535".
_LONGEST_SOCKET_DIRECTORY_BYTES = 100 - len("/.s.PGSQL.65535")


@dataclass(frozen=True)
class StateDirectory:
    """The directory of one installation and what lies in it."""

    root: Path

    @property
    def key(self) -> str:
        """Twelve hex digits that stand for this directory where its path cannot be used."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def files(self) -> Path:
        """Stored blobs and whatever else services write; each service takes a directory of its own below it."""
        return self.root / "files"

    @property
    def run(self) -> Path:
        """Small files about what is running now (addresses, process ids, locks)."""
        return self.root / "run"

    @property
    def postgres(self) -> Path:
        """The database server's directory; as root it is outside, since the checkout may lie below a 0700 home."""
        if os.geteuid() == 0:
            return SHARED_ROOT_DIRECTORY / self.key
        return self.root / "postgres"

    def create(self) -> "StateDirectory":
        """Make the directories, for the owner's eyes only."""
        try:
            for path in (self.root, self.logs, self.files, self.run):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StateDirectoryError(
                f"The state directory {self.root} cannot be made ({error.strerror}); set ADREEL_HOME to one that can."
            ) from error
        return self


def find_state_directory(environ: Mapping[str, str] | None = None) -> StateDirectory:
    """The state directory of this installation; nothing is created."""
    values = os.environ if environ is None else environ
    named = values.get("ADREEL_HOME", "").strip()
    if named:
        return StateDirectory(Path(named).expanduser().absolute())
    checkout = find_checkout()
    if checkout is not None:
        return StateDirectory(checkout / ".adreel")
    data_home = values.get("XDG_DATA_HOME", "").strip()
    base = Path(data_home) if data_home else Path.home() / ".local" / "share"
    return StateDirectory(base / "adreel")


def find_checkout() -> Path | None:
    """The checkout that this package is installed from in editable mode, or None when it is installed as a wheel."""
    for directory in Path(__file__).resolve().parents:
        project = directory / "pyproject.toml"
        if project.is_file():
            table = tomllib.loads(project.read_text("utf-8"))
            if "workspace" in table.get("tool", {}).get("adreel", {}):
                return directory
    return None


def socket_directory(preferred: Path, uid: int) -> Path:
    """`preferred`, or a short stand-in for it below the temporary directory when its path is too long for a socket."""
    if len(os.fsencode(preferred)) <= _LONGEST_SOCKET_DIRECTORY_BYTES:
        return preferred
    key = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"adreel-{uid}-{key}"
