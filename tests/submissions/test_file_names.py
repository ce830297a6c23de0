import pytest

from submissions.file_names import clean_file_name


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("predictions.npz", "predictions.npz"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\run 7.csv", "run 7.csv"),
        ("a\u202efdp.exe", "a fdp.exe"),
        ("zero\u200bwidth.csv", "zero width.csv"),
        ("line\nbreak\ttab\x00.csv", "line break tab .csv"),
        ("e\u0301.csv", "\u00e9.csv"),
        ("", "prediction"),
        ("///", "prediction"),
        ("\u202e\u200b", "prediction"),
    ],
)
def test_name_is_cleaned_for_showing(given, shown):
    assert clean_file_name(given) == shown


def test_long_name_keeps_its_extension():
    cleaned = clean_file_name("x" * 500 + ".npz")
    assert len(cleaned) == 200
    assert cleaned.endswith("x.npz")
