"""Coverage-guided fuzzing of one reader for a bounded time.

``python -m tests.scoring.fuzz READER SECONDS`` needs the package atheris, which the lock of the
peers has for the few platforms that it is made for. It ends with an error, and leaves the file that
caused it in the working folder, as soon as a reader raises anything but its own errors, crashes,
hangs for ten seconds or takes more than 2 GB. READER is a name of
`tests.scoring.test_reader_fuzzing.good_file`.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Fuzz one reader; the fuzzer ends the process by itself."""
    try:
        import atheris
    except ImportError:
        sys.stderr.write("fuzzing needs one more package: pip install atheris\n")
        return 2
    if len(arguments) != 2 or not arguments[1].isdigit():
        sys.stderr.write("usage: python -m tests.scoring.fuzz READER SECONDS\n")
        return 2
    name, seconds = arguments
    with atheris.instrument_imports(include=["scoring"]):
        from scoring.engine import check
    from tests.scoring.test_reader_fuzzing import format_of, good_file, targets_of

    chosen, targets = format_of(name), targets_of(name)

    def read_one(content: bytes) -> None:
        check(io.BytesIO(content), chosen, targets)

    with tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "good").write_bytes(good_file(name))
        flags = ["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", f"-max_total_time={seconds}"]
        atheris.Setup([sys.argv[0], *flags, corpus], read_one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
