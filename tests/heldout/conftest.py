import numpy as np
import pytest

from heldout.cli import main


@pytest.fixture
def run(capsys):
    """Run a command in this process; return its exit code, output and errors."""

    def command(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def field(tmp_path):
    """A folder with a field as a.npy, and twice the field as b.npy."""
    reference = np.random.default_rng(7).standard_normal((4, 32))
    np.save(tmp_path / "a.npy", reference)
    np.save(tmp_path / "b.npy", 2 * reference)
    return tmp_path
