"""Files are written whole or not at all."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from strangeness.core.errors import FileError
from strangeness.core.files import existing_file, sha256, write_text, written_whole


def test_a_file_is_written_with_ordinary_rights_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    write_text(path, "Δφ")
    assert path.read_bytes() == "Δφ".encode()
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failure", [RuntimeError("bug"), KeyboardInterrupt(), FileError("other", "Else.")])
def test_a_failure_leaves_the_old_file(tmp_path: Path, failure: BaseException) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(type(failure)) as caught, written_whole(path) as temporary:
        temporary.write_text("half")
        raise failure
    assert caught.value is failure
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["replace", "chmod"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(FileError, match=r"cannot write '.*a.txt': No space left on device. Free some space"):
        write_text(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_in_mid_write(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No space left"), written_whole(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=r"cannot write '.*file/a.txt': .*Choose another place"):
        write_text(tmp_path / "file" / "a.txt", "text")
    (tmp_path / "b" / "c").mkdir(parents=True)
    with pytest.raises(FileError, match=r"cannot write '.*b'"):
        write_text(tmp_path / "b", "text")


def test_existing_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"no file '.*a.txt'. Check the path"):
        existing_file(tmp_path / "a.txt")
    with pytest.raises(FileError, match="is a folder"):
        existing_file(tmp_path)
    (tmp_path / "a.txt").touch()
    with pytest.raises(FileError, match=r"is empty \(0 bytes\)"):
        existing_file(tmp_path / "a.txt")
    write_text(tmp_path / "a.txt", "abc")
    assert existing_file(str(tmp_path / "a.txt")) == tmp_path / "a.txt"
    assert sha256(tmp_path / "a.txt") == hashlib.sha256(b"abc").hexdigest()
