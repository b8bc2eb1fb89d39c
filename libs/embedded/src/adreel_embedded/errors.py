"""What can go wrong while the suite is started on one machine.

Every message is one sentence for the person at the terminal, with the file to look into where there is one.
"""


class EmbeddedError(Exception):
    """Something that this machine or this user can put right; the message says what."""


class PostgresUnavailableError(EmbeddedError):
    """No PostgreSQL binaries can be found or used."""


class PostgresStartError(EmbeddedError):
    """The database server did not come up; the message ends with the tail of its log."""


class ChildStartError(EmbeddedError):
    """A supervised process did not become ready; the message ends with the tail of its log."""


class StateDirectoryError(EmbeddedError):
    """The place where this installation keeps its data cannot be used."""


class NoFreePortError(EmbeddedError):
    """No loopback port could be had, or the one asked for is taken."""


class StackStartError(EmbeddedError):
    """The suite as a whole could not be started."""


class AlreadyRunningError(EmbeddedError):
    """Another stack uses this state directory."""


class NotRunningError(EmbeddedError):
    """No stack runs on this state directory."""
