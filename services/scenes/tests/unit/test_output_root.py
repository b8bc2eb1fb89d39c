"""Output directories: names that are refused before anything is touched, and files that stay below the output root."""

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from adreel_scenes.adapters.output_files import OutputFiles
from adreel_scenes.domain.errors import OutputDirRefused, OutputUnwritable
from adreel_scenes.domain.output_dir import output_dir_parts
from hypothesis import given
from hypothesis import strategies as st

UP = "../" * 12

REFUSED = [
    # absolute, and up
    "/",
    "//",
    "/etc",
    "/tmp/adreel-escape",
    "//server/share",
    "..",
    "../",
    "../escape",
    "../../escape",
    f"{UP}tmp/escape",
    "a/..",
    "a/../..",
    "a/../../escape",
    "a/b/../../../escape",
    "./escape",
    ".",
    "a/./b",
    "a//b",
    "...",
    "a/.../b",
    ".hidden",
    "a/.git/hooks",
    "escape.",
    "escape ",
    " escape",
    # other systems' forms
    "C:\\escape",
    "C:/escape",
    "C:escape",
    "..\\escape",
    "a\\..\\..\\escape",
    "\\\\server\\share",
    "\\\\?\\C:\\escape",
    "CON",
    "nul.txt",
    "a/COM1",
    "lpt9.log",
    "file:///tmp/escape",
    "escape:stream",
    # what a shell or a decoder would make something of
    "~",
    "~root/escape",
    "$HOME/escape",
    "%2e%2e%2fescape",
    "..%2fescape",
    "%252e%252e%252fescape",
    "..;/escape",
    "`id`",
    "$(id)",
    "a|b",
    "a*b",
    "a?b",
    # control characters
    "a\x00b",
    "escape\x00.txt",
    "a\nb",
    "a\rb",
    "a\tb",
    "a\x1b[2Jb",
    "a\x7fb",
    "a\x85b",
    # unicode that reads, or is made into, something else
    "\uff0e\uff0e/escape",
    "\uff0e\uff0e\uff0fescape",
    "..\u2215escape",
    "..\u2044escape",
    "\u2024\u2024/escape",
    "\u2025/escape",
    "\u2026escape",
    "a\u202egnp.exe",
    "a\u200b/b",
    "a\u200d/b",
    "\ufeffescape",
    "a\u2028b",
    "a\u00a0b",
    "\u3000escape",
    "\ud800",
    "\ue000",
    "a\ufdd0",
    "\u2460",
    # too much
    "x" * 201,
    "x" * 5_000,
    "é" * 61,
    "\U00020000" * 31,
    "a/" * 6 + "a",
    "/".join("a" for _ in range(100)),
]

TAKEN = [
    "",
    "outputs",
    "outputs/",
    "my video",
    "run-1_final.v2",
    "a/b/c",
    "été/дождь/雨",
    "e\u0301te\u0301",
    "(draft)+1",
    "console",
    "a..b",
]

FILES = {"scenes.json": b"{}\n", "scenes.md": b"# Scenes\n"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_name_is_refused_with_what_to_change(name):
    with pytest.raises(OutputDirRefused) as raised:
        output_dir_parts(name)
    assert raised.value.code == "VALIDATION_ERROR"
    assert raised.value.message.startswith("output_dir: ")


def test_there_are_attempts_enough():
    assert len(set(REFUSED)) >= 40


@pytest.mark.parametrize("name", TAKEN)
def test_plain_names_are_taken_in_any_script(name):
    assert all(part and "/" not in part for part in output_dir_parts(name))


@given(st.text() | st.lists(st.sampled_from(["..", ".", "/", "\\", "a", " ", "\x00", "\uff0e", "~"])).map("".join))
def test_no_text_is_taken_that_could_lead_out(text):
    try:
        parts = output_dir_parts(text)
    except OutputDirRefused:
        return
    for part in parts:
        assert part not in ("", ".", "..")
        assert not part.startswith(".")
        assert not set(part) & set("/\\:\x00")
        assert part.isprintable()


def tree(root: Path) -> dict[str, bytes | str | None]:
    """Everything below `root`: links as where they lead, files as their bytes."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return found


@pytest.fixture
def place(tmp_path):
    """A root with links planted in it, and what lies around it."""
    outside = tmp_path / "outside"
    (outside / "dir").mkdir(parents=True)
    (outside / "file.txt").write_text("mine")
    root = tmp_path / "root"
    (root / "plain").mkdir(parents=True)
    (root / "away").symlink_to(outside)
    (root / "deep").symlink_to(outside / "dir", target_is_directory=True)
    (root / "up").symlink_to("..")
    (root / "slash").symlink_to("/")
    (root / "dangling").symlink_to(outside / "not-yet")
    (root / "loop").symlink_to("loop")
    (root / "plain" / "inner").symlink_to("../../outside")
    (root / "tofile").symlink_to(outside / "file.txt")
    (root / "file").write_text("in the way")
    os.mkfifo(root / "fifo")
    return root, outside


PLANTED = ["away", "away/dir", "deep", "up", "up/outside", "slash", "slash/tmp", "dangling", "loop", "plain/inner",
           "plain/inner/dir", "tofile", "file", "file/x", "fifo", "fifo/x"]  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
async def test_links_and_files_in_the_way_are_refused_and_lead_nowhere(place, name):
    root, outside = place
    output = OutputFiles(str(root))
    around = tree(outside)
    with pytest.raises(OutputDirRefused):
        await output.check(output_dir_parts(name))
    with pytest.raises(OutputDirRefused):
        await output.write(output_dir_parts(name), FILES)
    assert tree(outside) == around


async def test_no_attempt_makes_anything_anywhere(tmp_path):
    root = tmp_path / "a" / "root"
    output = OutputFiles(str(root))
    before = tree(tmp_path)
    for name in REFUSED:
        with pytest.raises(OutputDirRefused):
            await output.write(output_dir_parts(name), FILES)
    assert tree(tmp_path) == before


async def test_a_link_by_the_files_own_name_is_replaced_not_followed(place):
    root, outside = place
    (root / "plain" / "scenes.json").symlink_to(outside / "file.txt")
    (root / "plain" / "scenes.md").symlink_to("/etc/passwd")
    written = await OutputFiles(str(root)).write(("plain",), FILES)
    assert written == {"scenes.json": "plain/scenes.json", "scenes.md": "plain/scenes.md"}
    assert (outside / "file.txt").read_text() == "mine"
    assert not (root / "plain" / "scenes.json").is_symlink()
    assert (root / "plain" / "scenes.json").read_bytes() == FILES["scenes.json"]


async def test_a_link_planted_between_the_check_and_the_write_leads_nowhere(place):
    root, outside = place
    output = OutputFiles(str(root))
    await output.check(("later",))
    (root / "later").symlink_to(outside)
    around = tree(outside)
    with pytest.raises(OutputDirRefused):
        await output.write(("later",), FILES)
    assert tree(outside) == around


async def test_a_directory_that_turns_into_a_link_and_back_again_leads_nowhere(place):
    root, outside = place
    output = OutputFiles(str(root))
    spot, aside = root / "race", root / "aside"
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            with suppress(OSError):
                spot.rename(aside)
            with suppress(OSError):
                spot.symlink_to(outside)
            done.wait(0.002)  # as a link for a while, and as a directory for another
            with suppress(OSError):
                spot.unlink()
            with suppress(OSError):
                aside.rename(spot)
            done.wait(0.002)

    around = tree(outside)
    spot.mkdir()
    swapper = threading.Thread(target=swap)
    swapper.start()
    refused = written = 0
    try:
        for _ in range(300):
            try:
                await output.write(("race", "inner"), FILES)
                written += 1
            except (OutputDirRefused, OutputUnwritable):
                refused += 1
    finally:
        done.set()
        swapper.join()
    assert tree(outside) == around
    assert refused + written == 300
    assert written


async def test_a_directory_by_the_files_name_is_refused(tmp_path):
    (tmp_path / "root" / "x" / "scenes.json").mkdir(parents=True)
    with pytest.raises(OutputDirRefused, match=r"scenes\.json"):
        await OutputFiles(str(tmp_path / "root")).write(("x",), FILES)
    assert [path.name for path in (tmp_path / "root" / "x").iterdir()] == ["scenes.json"]


@pytest.mark.parametrize("name", TAKEN)
async def test_plain_names_are_written_and_written_again(tmp_path, name):
    output = OutputFiles(str(tmp_path / "root"))
    await output.check(output_dir_parts(name))
    assert not (tmp_path / "root").exists()
    for content in (b"first", b"second"):
        written = await output.write(output_dir_parts(name), {"scenes.json": content})
        assert (tmp_path / "root" / written["scenes.json"]).read_bytes() == content
    assert len([path for path in (tmp_path / "root").rglob("*") if path.is_file()]) == 1


async def test_a_root_that_is_none_is_an_error_of_the_system(tmp_path):
    (tmp_path / "root").write_text("a file")
    with pytest.raises(OutputUnwritable):
        await OutputFiles(str(tmp_path / "root")).write(("x",), FILES)
    with pytest.raises(OutputUnwritable):
        await OutputFiles(str(tmp_path / "root")).check(("x",))


async def test_without_a_root_of_its_own_no_other_users_directory_is_used(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    output = OutputFiles()
    output.root.symlink_to(elsewhere)
    with pytest.raises(OutputUnwritable):
        await output.write(("x",), FILES)
    assert list(elsewhere.iterdir()) == []
    output.root.unlink()
    await output.write(("x",), FILES)
    assert output.root.stat().st_mode & 0o077 == 0
