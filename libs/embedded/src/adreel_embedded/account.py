"""The account that servers run under. PostgreSQL refuses to run as root, so root lends it the account `nobody`."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adreel_embedded.errors import EmbeddedError


@dataclass(frozen=True)
class ServerAccount:
    """Who a server runs as; `is_switched` is true when that is not the user who starts it."""

    uid: int
    gid: int
    is_switched: bool

    def popen_arguments(self) -> dict[str, Any]:  # keyword arguments of Popen have many types
        """What `subprocess` needs to start a process under this account."""
        if not self.is_switched:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": ()}

    def own(self, path: Path) -> None:
        """Hand `path` to this account."""
        if self.is_switched:
            os.chown(path, self.uid, self.gid)

    def can_read_tree(self, directory: Path) -> bool:
        """Whether this account can reach `directory` and read the files in it.

        Only mode bits are asked: enough to tell an installation below a 0700 home from one in a public place.
        """
        if not self.is_switched:
            return True
        return self.can_reach(directory) and all(self._may(path, 0o4) for path in directory.iterdir())

    def can_reach(self, directory: Path) -> bool:
        """Whether this account may pass through all directories down to `directory`."""
        if not self.is_switched:
            return True
        resolved = directory.resolve()
        return all(self._may(path, 0o1) for path in (resolved, *resolved.parents))

    def _may(self, path: Path, bits: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            shift = 6
        elif found.st_gid == self.gid:
            shift = 3
        else:
            shift = 0
        return (found.st_mode >> shift) & bits == bits


def server_account() -> ServerAccount:
    """The present user, or `nobody` when that is root."""
    if os.geteuid() != 0:
        return ServerAccount(os.geteuid(), os.getegid(), is_switched=False)
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedError("PostgreSQL cannot run as root, and there is no account `nobody` to lend it.") from error
    return ServerAccount(entry.pw_uid, entry.pw_gid, is_switched=True)
