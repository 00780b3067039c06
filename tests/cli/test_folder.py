"""An output folder is never overwritten; it resumes the same configuration and is left as it was found."""

from pathlib import Path

import pytest

from strangeness.cli.folder import run_folder
from strangeness.core.errors import ConfigError, FileError, InputError, Interrupted
from strangeness.core.run import current_run


def test_a_finished_run_keeps_its_files_and_drops_its_checkpoints(tmp_path: Path) -> None:
    with run_folder(tmp_path / "run", {"a": 1}, quiet=True) as folder:
        assert current_run().checkpoints == folder.checkpoints and not current_run().progress
        folder.checkpoints.mkdir()
        (folder.path / "result.json").write_text("{}")
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == ["config.json", "result.json"]
    with (
        pytest.raises(FileError, match="already holds a finished run"),
        run_folder(tmp_path / "run", {"a": 1}, quiet=True),
    ):
        pass
    assert (tmp_path / "run" / "result.json").read_text() == "{}"


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Interrupted("training was interrupted", "Again.")])
def test_an_interrupted_run_resumes_with_its_checkpoints(tmp_path: Path, stop: BaseException) -> None:
    with pytest.raises(Interrupted), run_folder(tmp_path / "run", {"a": [1, 2]}, quiet=True) as folder:
        folder.checkpoints.mkdir()
        raise stop
    with run_folder(tmp_path / "run", {"a": [1, 2]}, quiet=True) as folder:
        assert folder.checkpoints.is_dir()


def test_another_configuration_is_refused_with_the_difference(tmp_path: Path) -> None:
    with pytest.raises(Interrupted), run_folder(tmp_path, {"s": {"alpha": 1}, "hash": "x"}, quiet=True):
        raise KeyboardInterrupt
    before = (tmp_path / "config.json").read_bytes()
    with (
        pytest.raises(ConfigError, match=r"'s\.alpha' was 1 and is 2"),
        run_folder(tmp_path, {"s": {"alpha": 2}, "hash": "y"}, quiet=True),
    ):
        pass
    assert (tmp_path / "config.json").read_bytes() == before


def test_a_failed_run_leaves_nothing_behind(tmp_path: Path) -> None:
    for place in (tmp_path / "new", tmp_path):
        with pytest.raises(InputError), run_folder(place, {}, quiet=True) as folder:
            folder.checkpoints.mkdir()
            raise InputError("what", "remedy")
        assert list(tmp_path.iterdir()) == []


def test_a_resumed_run_that_fails_keeps_its_checkpoints(tmp_path: Path) -> None:
    for stop, kind in ((KeyboardInterrupt(), Interrupted), (InputError("w", "r"), InputError)):
        with pytest.raises(kind), run_folder(tmp_path / "run", {}, quiet=True) as folder:
            folder.checkpoints.mkdir(exist_ok=True)
            raise stop
    assert (tmp_path / "run" / "checkpoints").is_dir()


def test_folders_with_other_things_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(FileError), run_folder(place, {}, quiet=True):
            pass
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(FileError, match="damaged"), run_folder(tmp_path, {}, quiet=True):
        pass
    assert (tmp_path / "notes.txt").read_text() == "mine"
