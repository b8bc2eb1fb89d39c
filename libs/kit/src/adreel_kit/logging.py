"""Structured logs: a constant event name plus fields, JSON on one line, context bound once per unit of work."""

import logging
import sys
from contextlib import suppress

import structlog


class _Stderr:
    """Writes lines to stderr as it is at that moment. A stderr that is closed or full costs the line, not the work."""

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):
            # One write, so that lines of several threads do not mix.
            sys.stderr.write(message + "\n")
            sys.stderr.flush()

    log = debug = info = warning = warn = error = err = critical = fatal = exception = msg


def configure_logging(*, service: str, process: str, level: str = "INFO", json_lines: bool = True) -> None:
    """Set up structlog and the standard library's loggers to write to stderr.

    Called once, by `__main__`. `service` and `process` stand on every line. Vendor libraries' loggers are kept at
    WARNING, since several of them log request bodies at INFO.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: _Stderr(),
        # Not cached: a logger that was used before this call would keep the level and the stream it met first.
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    structlog.contextvars.bind_contextvars(service=service, process=process)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry `module=name`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(module=name)
    return logger
