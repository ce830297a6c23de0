"""Every view of a board says what the scores say, to whom it may be said."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from xml.dom import minidom

import pytest
from django.test import Client
from django.utils import timezone

from challenges.models import Round
from heldout.cli import main
from leaderboards.models import BoardRevision, Standing
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission, SubmissionState
from tests.factories import (
    make_metric,
    make_reference,
    make_round,
    make_score,
    make_scored,
    make_team,
)
from tests.pages.seed import Seed
from tests.pages.test_board import rows_of

VIEWS = ["", "stability/", "duels/", "targets/", "changes/", "progress/"]
FILES = [
    "board/scores.csv",
    "board/rule.json",
    "board.csv",
    "board.json",
    "board.tex",
    "board.atom",
]
PICTURES = ["ranks", "heat", "progress"]


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def entrants(round_: Round) -> list[Submission]:
    """Enter four teams that nobody can tell apart, and one that is far behind."""
    slugs = [target.slug for target in round_.targets.all()]
    names = ["Ash", "Birch", "Cedar", "Dogwood", "Elm"]
    found = []
    for place, name in enumerate(names):
        values = {
            slug: 1 + 0.5 * ((number * 7 + place * 3) % 11) + 9 * (name == "Elm")
            for number, slug in enumerate(slugs)
        }
        found.append(
            make_scored(round_, values, team=make_team(name=f"{name} $% & Co_", slug=name.lower()))
        )
    refresh_board(round_)
    return found


@pytest.fixture
def round_(db: None) -> Round:
    round_ = make_round(targets=[f"t{i:02}" for i in range(11)], bootstrap_resamples=400)
    for target in round_.targets.all():
        target.family = "even" if target.position % 2 == 0 else "odd"
        target.classes = ["small" if target.position < 6 else "large"]
        target.save()
    return round_


def test_every_view_of_the_seeded_board_opens_and_every_file_downloads(
    client: Client, seed: Seed
) -> None:
    url = seed.final.get_absolute_url()
    for view in VIEWS:
        page(client, f"{url}board/{view}")
    for name in FILES:
        assert client.get(f"{url}{name}").status_code == 200, name
    for name in PICTURES:
        parsed = minidom.parseString(page(client, f"{url}board/pictures/{name}.svg"))  # noqa: S318
        assert parsed.documentElement.tagName == "svg"
        assert client.get(f"{url}board/pictures/{name}.csv").status_code == 200
    for view in VIEWS:
        page(client, f"{seed.upcoming.get_absolute_url()}board/{view}")


def test_a_top_group_is_shown_as_a_group_and_not_as_a_winner(client: Client, round_: Round) -> None:
    entrants(round_)
    first = Standing.objects.get(position=1)
    top = Standing.objects.filter(tie_group=1).count()
    assert top == 4
    interval = f"[{first.rank_low}, {first.rank_high}]"
    said = (
        f"Top group of {top}: with these 11 targets nobody can say which of them is best. "
        f"The first method\u2019s 95 % rank interval is {interval}; it is first in "
        f"{100 * (first.first_probability or 0):.0f} % of the draws."
    )
    for address in (round_.get_absolute_url(), f"{round_.get_absolute_url()}board/"):
        assert said in page(client, address)
    assert "and 3 more that cannot be told apart from it" in page(client, "/")


def test_a_separable_first_is_said_to_be_ahead(client: Client, round_: Round) -> None:
    slugs = [target.slug for target in round_.targets.all()]
    for level in (1.0, 5.0):
        make_scored(round_, dict.fromkeys(slugs, level))
    refresh_board(round_)
    text = page(client, f"{round_.get_absolute_url()}board/")
    assert "is ahead of all others in at least 95 % of the draws of 11 targets" in text
    assert "Top group" not in text


def test_a_family_another_metric_a_kind_and_a_team_filter_the_board(
    client: Client, round_: Round
) -> None:
    make_metric(round_, "digits", metric="digits_correct")
    found = entrants(round_)
    slugs = [target.slug for target in round_.targets.all()]
    for place, each in enumerate(found):
        for slug in slugs:
            make_score(each.runs.get(), target=slug, key="digits", value=float(place))
    make_scored(round_, dict.fromkeys(slugs, 0.5), entry_kind="baseline")
    again = make_scored(
        round_, dict.fromkeys(slugs, 20.0), team=found[0].team,
        received_at=timezone.now() + timedelta(seconds=9),
    )  # fmt: skip
    refresh_board(round_)
    url = f"{round_.get_absolute_url()}board/"
    even = page(client, f"{url}?family=even")
    assert all(" 5/5 " in f"{row} " for row in rows_of(even))
    assert "This is a view" in even
    by_digits = rows_of(page(client, f"{url}?metric=digits"))
    assert by_digits[0].startswith("1 ")
    assert "Elm" in by_digits[0]
    assert len(rows_of(page(client, f"{url}?kind=baseline"))) == 1
    by_team = page(client, f"{url}?by=team")
    assert len(rows_of(by_team)) == 6
    assert again.method.title in by_team
    assert found[0].method.title not in by_team
    for wrong in ("?family=none", "?metric=none", "?kind=none", "?by=none", "?sort=none",
                  "?at=yesterday", "?revision=99", "?revision=x", "?at=2026-13-77"):  # fmt: skip
        assert client.get(f"{url}{wrong}").status_code == 404, wrong


def test_columns_sort_by_links_with_what_is_missing_last_both_ways(
    client: Client, round_: Round
) -> None:
    entrants(round_)
    slugs = [target.slug for target in round_.targets.all()]
    make_scored(round_, {slug: None for slug in slugs}, team=make_team(name="Zzz"))
    refresh_board(round_)
    url = f"{round_.get_absolute_url()}board/"
    up = page(client, f"{url}?sort=value")
    down = page(client, f"{url}?sort=-value")
    assert "Zzz" in rows_of(up)[-1]
    assert "Zzz" in rows_of(down)[-1]
    assert "Elm" in rows_of(up)[-2]
    assert "Elm" in rows_of(down)[0]
    assert 'aria-sort="ascending"' in up
    assert 'aria-sort="descending"' in down
    assert 'href="?sort=-value#board"' in up
    assert "Ash" in rows_of(page(client, f"{url}?sort=team"))[0]


def test_the_board_as_of_a_date_stays_as_it_was_and_changes_say_who_moved_and_why(
    client: Client, round_: Round
) -> None:
    found = entrants(round_)
    first = BoardRevision.objects.get()
    BoardRevision.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=3))
    slugs = [target.slug for target in round_.targets.all()]
    replaced = round_.targets.get(slug="t03")
    make_reference(replaced, 1.0, version=2, reason="Wrong unit.", is_current=False)
    run = found[4].runs.get()
    run.is_current = False
    run.save()
    again = found[4].runs.create(
        number=2, attempt=1, metric_versions={}, engine_version="1", worker="w",
        reference_versions=run.reference_versions | {"t03": 2},
        started_at=timezone.now(), finished_at=timezone.now(),
    )  # fmt: skip
    for slug in slugs:
        make_score(again, target=slug, value=0.25)
    make_scored(round_, dict.fromkeys(slugs, 2.0), team=make_team(name="Fir"))
    Submission.objects.filter(pk=found[1].pk).update(
        state=SubmissionState.WITHDRAWN, finished_at=timezone.now()
    )
    refresh_board(round_)
    url = f"{round_.get_absolute_url()}board/"
    day = (timezone.now() - timedelta(days=2)).date()
    old = page(client, f"{url}?at={day}")
    assert "As it was in revision 1" in old
    assert "Fir" not in old
    assert "Birch" in old
    assert "There was no board yet" in page(client, f"{url}?at=2001-01-01")
    assert rows_of(page(client, f"{url}?revision=1")) == rows_of(old)
    now = page(client, url)
    assert "answers corrected" in now
    assert "These stood on the board and were withdrawn" in now
    assert "Birch" in now
    changes = page(client, f"{url}changes/")
    for told in ("new entry", "scored against corrected answers of t03",
                 "not on the board any more", "▲ 4"):  # fmt: skip
        assert told in changes, told
    single = changes.partition('id="single-head"')[2]
    assert single.count("<tr>") == 1 + len(slugs)  # of the one file that was scored again
    assert single.count(">0.25</td>") == len(slugs)
    feed = page(client, f"{round_.get_absolute_url()}board.atom")
    parsed = minidom.parseString(feed)  # noqa: S318
    assert len(parsed.getElementsByTagName("entry")) == 2
    assert "scored against corrected answers of t03" in feed


def test_the_commands_of_a_line_give_its_numbers(
    client: Client, round_: Round, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = entrants(round_)
    slugs = [target.slug for target in round_.targets.all()]
    make_scored(round_, dict.fromkeys(slugs, 0.1), entry_kind="baseline")
    refresh_board(round_)
    url = round_.get_absolute_url()
    text = page(client, f"{url}board/entries/{found[0].code}/")
    assert "heldout rank --scores" in text
    assert "--bootstrap 400 --seed" in text
    (tmp_path / "s.csv").write_bytes(client.get(f"{url}board/scores.csv").content)
    (tmp_path / "r.json").write_bytes(client.get(f"{url}board/rule.json").content)
    main([
        "rank", "--json", "--scores", str(tmp_path / "s.csv"), "--rule", str(tmp_path / "r.json"),
        "--bootstrap", "400", "--seed", str(round_.bootstrap_seed),
    ])  # fmt: skip
    lines = {line["entry"]: line for line in json.loads(capsys.readouterr().out)["lines"]}
    rows = Standing.objects.filter(revision__number=2, rank__isnull=False)
    assert len(rows) == len(lines) == 5
    for row in rows.select_related("submission"):
        line = lines[row.submission.code]
        assert [line["rank"], line["rank_low"], line["rank_high"], line["group"]] == [
            row.rank, row.rank_low, row.rank_high, row.tie_group,
        ]  # fmt: skip
        assert line["first_share"] == row.first_probability
        assert [line["value"], line["value_low"]] == pytest.approx(
            [row.value, row.value_low], rel=1e-12
        )


def test_latex_is_escaped_and_json_and_csv_agree_with_the_page(
    client: Client, round_: Round
) -> None:
    entrants(round_)
    url = round_.get_absolute_url()
    text = page(client, f"{url}board.tex")
    assert r"Ash \$\% \& Co\_" in text
    assert "Ash $" not in text
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 1
    content = client.get(f"{url}board.json?family=even").json()
    rows = list(csv.DictReader(io.StringIO(page(client, f"{url}board.csv?family=even"))))
    assert [row["team"] for row in rows] == [each["team"]["name"] for each in content["standings"]]
    assert [int(row["offered"]) for row in rows] == [5] * 5
    assert content["view"] == {"family": "even"}


def test_stability_head_to_head_and_targets_tell_what_the_scores_hold(
    client: Client, round_: Round
) -> None:
    entrants(round_)
    url = f"{round_.get_absolute_url()}board/"
    stability = page(client, f"{url}stability/")
    for told in ("mean rank", "median over targets", "summed Z", "test, then rank",
                 "without one target", "without one family", "without one class"):  # fmt: skip
        assert told in stability, told
    duels = page(client, f"{url}duels/")
    assert "of 10 pairs differ" in duels
    assert "11\u20130*" in duels
    assert "Discrimination" in page(client, f"{url}targets/")


def test_nothing_of_a_hidden_board_is_in_any_view_or_file(client: Client, round_: Round) -> None:
    entrants(round_)
    url = round_.get_absolute_url()
    Round.objects.filter(pk=round_.pk).update(board_policy="reveal")
    code = Submission.objects.all()[0].code
    for address in [*(f"board/{view}" for view in VIEWS), *FILES, f"board/entries/{code}/",
                    *(f"board/pictures/{name}.svg" for name in PICTURES)]:  # fmt: skip
        content = client.get(f"{url}{address}").content.decode()
        assert "Birch" not in content, address
        assert "Top group" not in content, address


def test_labels_stand_for_names_in_every_view_while_names_are_withheld(
    client: Client, round_: Round
) -> None:
    found = entrants(round_)
    url = round_.get_absolute_url()
    Round.objects.filter(pk=round_.pk).update(names_shown="reveal")
    pictures = [f"board/pictures/{name}.{end}" for name in PICTURES for end in ("svg", "csv")]
    for address in [*(f"board/{view}" for view in VIEWS), *FILES, *pictures]:
        content = page(client, f"{url}{address}")
        for each in found:
            assert f"{each.team.name.split()[0]} $" not in content, address
            assert each.code not in content, address
        assert "Birch" not in content, address
    assert client.get(f"{url}board/entries/{found[0].code}/").status_code == 404
