"""Log lines go to stderr as it is now, and never cost the work that logs them."""

import io
import json
import sys

import pytest
import structlog
from adreel_kit.logging import configure_logging, get_logger

log = get_logger(__name__)


@pytest.fixture(autouse=True)
def _as_before():
    before = structlog.get_config()
    yield
    structlog.contextvars.unbind_contextvars("service", "process")
    structlog.configure(**before)


def test_lines_are_json_with_service_process_and_module(monkeypatch):
    configure_logging(service="jobs", process="worker")
    # A stream put in place later is the one that is written to, also by loggers used before.
    for _ in range(2):
        monkeypatch.setattr(sys, "stderr", written := io.StringIO())
        log.info("job.nudged", job_id="1")
        line = json.loads(written.getvalue())
        assert {**line, "timestamp": ""} == {
            "event": "job.nudged", "job_id": "1", "service": "jobs", "process": "worker", "module": __name__,
            "level": "info", "timestamp": "",
        }  # fmt: skip


def test_level_set_later_holds_for_loggers_used_before(monkeypatch):
    monkeypatch.setattr(sys, "stderr", written := io.StringIO())
    configure_logging(service="jobs", process="worker", level="ERROR")
    log.info("not.shown")
    configure_logging(service="jobs", process="worker", level="INFO")
    log.info("shown")
    assert json.loads(written.getvalue())["event"] == "shown"


class FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_stderr_that_is_closed_or_full_costs_the_line_only(monkeypatch):
    configure_logging(service="jobs", process="worker")
    closed = io.StringIO()
    closed.close()
    for stream in (closed, FullDisk()):
        monkeypatch.setattr(sys, "stderr", stream)
        log.error("job.stalled")
        get_logger("other").bind(a=1).exception("broken")
