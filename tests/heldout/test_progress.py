import io
import sys

import numpy as np

from heldout import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_long_reading_on_a_terminal_shows_a_bar_and_takes_it_away(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_QUIET_S", 0.0)
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    content = np.random.default_rng(1).bytes(3 * 2**20)
    (tmp_path / "big.npy").write_bytes(content)
    with progress.opened(tmp_path / "big.npy", passes=1) as handle:
        handle.seek(2**20)
        handle.seek(0)
        assert handle.read() == content
    shown = sys.stderr.getvalue()
    assert "big.npy [" in shown
    assert "99 %" in shown
    assert shown.endswith("\r\x1b[K")


def test_reading_is_silent_where_nobody_looks_or_nothing_takes_long(tmp_path, monkeypatch):
    (tmp_path / "small").write_bytes(b"abc")
    for stream in (io.StringIO(), Terminal()):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress.opened(tmp_path / "small") as handle:
            assert handle.read() == b"abc"
        assert stream.getvalue() == ""
