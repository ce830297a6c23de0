"""What holds the documentation to the code: `python -m tests.docs` checks, `--write` renews."""
