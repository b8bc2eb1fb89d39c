"""Lists as messages: never larger than an answer may be, and nothing is skipped."""

from adreel.jobs.v1 import jobs_pb2
from adreel_jobs.domain.views import Page
from adreel_jobs.entrypoints.messages import page_messages


def page(count: int) -> Page[int]:
    cursors = [f"after {number}" for number in range(count)]
    if cursors:
        cursors[-1] = ""
    return Page(tuple(range(count)), tuple(cursors), limit=200, offset=0, total=count)


def test_usual_page_is_whole() -> None:
    messages, info = page_messages(page(200), lambda number: jobs_pb2.Client(id=str(number)))
    assert (len(messages), info.next_cursor, info.total) == (200, "", 200)


def test_page_of_huge_rows_is_cut_and_its_cursor_goes_on_from_there() -> None:
    messages, info = page_messages(page(200), lambda number: jobs_pb2.Client(id=str(number), name="x" * 100_000))
    assert messages[-1].id == "33"
    assert info.next_cursor == "after 33"
    assert jobs_pb2.ListClientsResponse(clients=messages, page=info).ByteSize() < 4 * 1024 * 1024


def test_single_huge_row_still_comes() -> None:
    messages, info = page_messages(page(2), lambda number: jobs_pb2.Client(name="x" * 3_600_000))
    assert (len(messages), info.next_cursor) == (1, "after 0")


def test_empty_page() -> None:
    messages, info = page_messages(page(0), lambda number: jobs_pb2.Client())
    assert (messages, info.next_cursor) == ([], "")
