"""Surroundings of a run: nested settings, and a bar on standard error alone."""

from pathlib import Path

import pytest

from strangeness.core.run import current_run, progress, running


def test_settings_nest_and_end(tmp_path: Path) -> None:
    assert current_run().checkpoints is None and not current_run().progress
    with running(checkpoints=tmp_path) as outer, running(progress=True):
        assert outer.checkpoints == tmp_path and not outer.progress
        assert current_run().checkpoints == tmp_path and current_run().progress
    with pytest.raises(RuntimeError), running(progress=True):
        raise RuntimeError
    assert not current_run().progress


def test_silence_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("work", 2) as show:
        show(1, "half")
    assert capsys.readouterr() == ("", "")


def test_the_bar_goes_to_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with running(progress=True), progress("work", 2) as show:
        show(1, "loss 0.5")
        show(2, "loss 0.25")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "work" in shown.err and "2/2" in shown.err and "loss 0.25" in shown.err
