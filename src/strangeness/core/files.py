"""Files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strangeness.core.errors import FileError

BROKEN = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, MemoryError, NotImplementedError, RuntimeError),
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, struct.error),
)
"""Whatever reading a damaged or forged zip of arrays and JSON may raise."""


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it there on success, remove it on failure.

    A process that is killed leaves the temporary file, ``.<name>.<random>``, which nothing reads.

    Raises:
        FileError: when the folder or the file cannot be written.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise FileError(f"cannot write '{target}': {error.strerror}", "Choose another place.") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(
            f"cannot write '{target}': {error.strerror or error}", "Free some space or choose another place."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` (UTF-8) whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def existing_file(path: str | os.PathLike[str]) -> Path:
    """The path of a file that exists and is not empty.

    Raises:
        FileError: when it is missing, a folder, or empty.
    """
    file = Path(path)
    try:
        there = file.exists()
    except OSError as error:
        raise FileError(f"cannot open '{file}': {error.strerror}", "Check the path.") from error
    if not there:
        raise FileError(f"no file '{file}'", "Check the path.")
    if file.is_dir():
        raise FileError(f"'{file}' is a folder", "Name a file in it.")
    if file.stat().st_size == 0:
        raise FileError(f"'{file}' is empty (0 bytes)", "Copy or download it again.")
    return file


def sha256(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file as hexadecimal text."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
