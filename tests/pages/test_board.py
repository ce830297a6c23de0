"""What the boards say, and that they link both ways."""

from __future__ import annotations

import csv
import io
import re

from django.test import Client

from leaderboards.models import BoardRevision, CreditEntry
from leaderboards.selectors import current_revision, standings
from leaderboards.services.refresh import refresh_board
from pages.board_csv import plain
from pages.templatetags.marks import points, value
from tests.factories import make_round, make_scored, make_team
from tests.pages.seed import Seed

MICRO = 1_000_000


def revision_of(seed: Seed) -> BoardRevision:
    revision = current_revision(seed.final)
    assert revision is not None
    return revision


def rows_of(html: str) -> list[str]:
    """Return the text of each row of the board, one space between words."""
    table = html.split('<table class="board">')[1].split("</table>")[0].split("<tbody>")[1]
    rows = re.split(r"<tr\b[^>]*>", table)[1:]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_board_shows_entries_in_order_with_baselines_in_place_unranked(
    client: Client, seed: Seed
) -> None:
    rows = rows_of(client.get(seed.final.get_absolute_url()).content.decode())
    lines = list(standings(revision_of(seed)))
    assert len(rows) == 5
    for row, standing in zip(rows, lines, strict=True):
        submission = standing.submission
        rank = "not ranked" if standing.rank is None else str(standing.rank)
        assert row.startswith(f"{rank} ")
        assert f"{submission.method.title} {submission.team.name}" in row
        assert f"{standing.answered}/{standing.offered}" in row
        if standing.value is not None:
            assert value(standing.value) in row
        if standing.credit_micropoints is not None:
            assert points(standing.credit_micropoints) in row
    assert [row for row in rows if " · Baseline " in row and row.startswith("not ranked")] == [
        rows[3]
    ]
    assert [row for row in rows if "incomplete" in row] == [rows[-1]]
    assert "top group" in rows[0]


def test_model_board_and_dataset_board_link_to_each_other(client: Client, seed: Seed) -> None:
    board = client.get(seed.final.get_absolute_url()).content.decode()
    dataset, model = seed.data["D1"].get_absolute_url(), seed.methods["A"].get_absolute_url()
    assert f'href="{dataset}"' in board
    assert f'href="{model}"' in board
    assert f'href="{seed.final.get_absolute_url()}datasets/"' in board
    assert f'href="{model}"' in client.get(dataset).content.decode()
    assert f'href="{dataset}"' in client.get(model).content.decode()
    data_board = client.get(f"{seed.final.get_absolute_url()}datasets/").content.decode()
    assert f'href="{dataset}"' in data_board
    assert f'href="{seed.teams["A"].get_absolute_url()}"' in data_board


def test_dataset_board_agrees_with_the_ledger(client: Client, seed: Seed) -> None:
    rows = client.get(f"{seed.final.get_absolute_url()}datasets/").context["rows"]
    for row in rows:
        entries = CreditEntry.objects.filter(round=seed.final, account=row.artifact)
        assert row.total == sum(entry.micropoints for entry in entries)
        assert row.self_use == sum(entry.micropoints for entry in entries if entry.self_use)
    ranked = [row for row in rows if row.rank]
    assert [row.artifact for row in ranked if row.self_use] == [seed.data["D2"]]
    assert [row.independent for row in ranked] == sorted(
        (row.independent for row in ranked), reverse=True
    )
    assert [row.artifact.kind for row in rows if not row.rank] == ["target-set"]
    assert next(row for row in rows if row.artifact == seed.target_set).targets == 250 * MICRO


def test_where_the_points_went_adds_up_to_what_the_board_says(client: Client, seed: Seed) -> None:
    for name in ("A", "B", "C"):
        way = client.get(seed.methods[name].get_absolute_url()).context["ways"][0]
        credited = CreditEntry.objects.filter(round=seed.final, result=seed.entries[name].code)
        assert way.is_posted
        assert way.total == sum(entry.micropoints for entry in credited)
        assert len(way.rows) == credited.exclude(micropoints=0).count()
        half = next(row for row in way.rows if row.steps == 0)
        assert half.posting.micropoints * 2 in range(way.total - 2, way.total + 3)


def test_provisional_credit_says_so(client: Client, seed: Seed) -> None:
    assert b"provisional" in client.get(seed.open.get_absolute_url()).content
    assert b"provisional" not in client.get(seed.final.get_absolute_url()).content


def test_a_person_has_their_share_of_each_artifact_by_kind(client: Client, seed: Seed) -> None:
    germain = seed.data["D1"].contributions.earliest("pk").person
    credit = client.get(germain.get_absolute_url()).context["credit"]
    entries = CreditEntry.objects.filter(account=seed.data["D1"])
    whole = sum(entry.micropoints for entry in entries)
    assert dict(credit.by_kind)[CreditEntry.Kind.DATA] == credit.total
    assert abs(2 * credit.total - whole) <= 2
    assert credit.escrow == 0


def test_an_unconfirmed_share_waits_in_escrow(client: Client, seed: Seed) -> None:
    share = seed.data["D1"].contributions.earliest("pk")
    share.confirmed_at = None
    share.save()
    credit = client.get(share.person.get_absolute_url()).context["credit"]
    assert credit.total == 0
    assert credit.escrow > 0


def test_csv_has_one_row_per_line_and_empty_cells_for_missing_values(
    client: Client, seed: Seed
) -> None:
    response = client.get(f"{seed.final.get_absolute_url()}board.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    lines = standings(revision_of(seed))
    assert [row["value"] for row in rows] == [
        "" if standing.value is None else str(standing.value) for standing in lines
    ]
    assert [row["entry_kind"] for row in rows].count("baseline") == 1
    assert [row["rank"] for row in rows][:3] == ["1", "2", "3"]
    assert all("max_error" in row for row in rows)


def test_csv_runs_no_formula_of_a_team_name() -> None:
    assert plain("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert plain("@home") == "'@home"
    assert plain("Radium Street") == "Radium Street"


def test_breakdown_shows_each_score_and_a_dash_for_a_missed_target(
    client: Client, seed: Seed
) -> None:
    table = client.get(f"{seed.final.get_absolute_url()}scores/").context["table"]
    assert [target.slug for target in table.targets] == [f"u{n:02}" for n in range(1, 13)]
    shown = {
        (line.standing.submission.code, score.target_id): score.value
        for line, scores in table.rows
        for score in scores
    }
    for entry in seed.entries.values():
        for score in entry.runs.get().scores.filter(metric__key="nrmse"):
            assert shown[entry.code, score.target_id] == score.value
    page = client.get(f"{seed.final.get_absolute_url()}scores/?metric=max_error")
    assert page.context["table"].metric.key == "max_error"


def test_breakdown_of_an_unknown_metric_is_a_404(client: Client, seed: Seed) -> None:
    url = f"{seed.final.get_absolute_url()}scores/?metric=no_such"
    assert client.get(url).status_code == 404


def test_own_entries_are_marked_for_members_only(client: Client, seed: Seed) -> None:
    url = seed.final.get_absolute_url()
    assert b"(yours)" not in client.get(url).content
    client.force_login(seed.ann)
    assert client.get(url).content.count(b"(yours)") == 1


def test_a_round_without_entries_says_what_to_do(client: Client, db: None) -> None:
    round_ = make_round()
    page = client.get(round_.get_absolute_url()).content
    assert b"No entry is scored yet" in page
    assert client.get(f"{round_.get_absolute_url()}board.csv").status_code == 404
    assert b"no scores per target" in client.get(f"{round_.get_absolute_url()}scores/").content


def test_scores_of_a_submission_are_a_table_with_statuses(client: Client, seed: Seed) -> None:
    entry = seed.entries["D"]
    client.force_login(entry.submitted_by)
    page = client.get(entry.get_absolute_url())
    row = next(scores for target, scores in page.context["table"].rows if target.slug == "u12")
    assert [score.status for score in row] == ["missing", "missing"]
    assert b"missing" in page.content


def test_a_higher_is_better_board_says_so(client: Client, db: None) -> None:
    round_ = make_round(bootstrap_resamples=100)
    round_.metrics.update(metric="digits_correct")
    for level in (3.0, 7.0):
        make_scored(round_, dict.fromkeys(["t1", "t2", "t3"], level), team=make_team())
    refresh_board(round_)
    page = client.get(round_.get_absolute_url()).content.decode()
    assert "higher is better." in page
    assert [row.split()[0] for row in rows_of(page)] == ["1", "2"]
    assert " 7 " in rows_of(page)[0]


def test_a_long_board_shows_its_first_fifty_and_ones_own_until_all_are_asked_for(
    client: Client, db: None
) -> None:
    round_ = make_round(bootstrap_resamples=100, targets=["t1"])
    entries = [make_scored(round_, {"t1": float(place)}) for place in range(1, 56)]
    refresh_board(round_)
    url = round_.get_absolute_url()
    assert len(rows_of(client.get(url).content.decode())) == 50
    client.force_login(entries[-1].submitted_by)
    own = client.get(url).content.decode()
    assert len(rows_of(own)) == 51
    assert "51 of 55 entries are shown. Show all." in own
    assert len(rows_of(client.get(f"{url}?all").content.decode())) == 55
    assert client.get(f"{url}board.csv").content.count(b"\r\n") == 56
    assert len(client.get(f"{url}scores/").context["table"].rows) == 51
