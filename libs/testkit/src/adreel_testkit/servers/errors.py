"""The two ways in which a test server can fail to be there."""


class ServerUnavailableError(Exception):
    """It cannot be had on this machine; the message says in one line what is missing."""


class ServerStartError(Exception):
    """It is installed and did not start; the message ends with the tail of its log."""
