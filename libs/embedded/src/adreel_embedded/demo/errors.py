"""Why a demo did not reach its film. Each message is a sentence or two for the person at the terminal."""

from adreel_embedded.errors import EmbeddedError


class ExamplesMissingError(EmbeddedError):
    """The brief or its photographs cannot be found."""


class CallRefusedError(EmbeddedError):
    """The API answered with an error, or not at all."""


class JobEndedError(EmbeddedError):
    """The job failed or was cancelled."""


class FilmRefusedError(EmbeddedError):
    """What came out is not the film that was asked for."""
