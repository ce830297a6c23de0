"""A board in the forms that other programs take: LaTeX, a long table of scores, a rule, a feed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import IO, Any

from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leaderboards.changes import Changes
from leaderboards.models import BoardRevision
from leaderboards.sheets import Sheet
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard
from pages.board_csv import plain
from pages.boards.lines import BoardView, Line

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "\u2013": "--", "\u2212": "$-$", "\n": " ", "\r": " ", "\t": " ",
}  # fmt: skip


def latex(text: str) -> str:
    """Escape text for LaTeX; control characters are left out."""
    return "".join(_LATEX.get(each, each) for each in text if each in _LATEX or each.isprintable())


def latex_table(board: BoardView, *, title: str, address: str) -> str:
    """Return a board as a LaTeX table of the package booktabs, its top group set apart."""
    primary = board.primary
    name = latex(primary.label) if primary else ""
    heads = ["Rank", "95\\,\\% rank interval", "$P(1)$", "Team", "Method", name,
             "95\\,\\% interval", "Targets"]  # fmt: skip
    caption = latex(f"{title}, revision {board.revision.number} of the board. {said_of(board)}")
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        f"\\caption{{{caption} {latex(address)}}}",
        "\\begin{tabular}{rrrllrrr}",
        "\\toprule",
        " & ".join(heads) + " \\\\",
        "\\midrule",
    ]
    for line in board.lines:
        if line.starts_group:
            lines.append("\\midrule")
        lines.append(" & ".join(_latex_cells(line)) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", "\\end{table}", ""])


def _latex_cells(line: Line) -> list[str]:
    row = line.standing
    first = row.first_probability
    return [
        "--" if row.rank is None else str(row.rank),
        "" if row.rank_low is None else f"[{row.rank_low}, {row.rank_high}]",
        "" if first is None or row.rank is None else f"{first:.2f}",
        latex(row.submission.team.name),
        latex(row.submission.method.title)
        + ("" if row.rank is not None else f" ({latex(_kind(row))})"),
        "--" if row.value is None else f"{row.value:.4g}",
        "" if row.value_low is None else f"[{row.value_low:.4g}, {row.value_high:.4g}]",
        f"{row.answered}/{row.offered}",
    ]


def _kind(row: ShownStanding) -> str:
    kind, number = row.submission.get_entry_kind_display, row.submission.combined_from
    if number is None:
        return kind
    return ngettext("%(kind)s of %(number)d entry", "%(kind)s of %(number)d entries", number) % {
        "kind": kind,
        "number": number,
    }


def said_of(board: BoardView) -> str:
    """Say in words what a board shows of who is best: never more than the data do."""
    top, leader = board.top, board.leader
    if leader is None:
        return _("No entry is ranked yet.")
    row = leader.standing
    name = f"{row.submission.method.title} ({row.submission.team.name})"
    if row.rank_low is None or row.rank_high is None:
        return _("%(name)s has the best value; nothing is known of how sure that is.") % {
            "name": name
        }
    interval = f"[{row.rank_low}, {row.rank_high}]"
    if len(board.ranked) == 1:
        return _("One entry is ranked.")
    share = round(100 * (row.first_probability or 0.0))
    if len(top) > 1:
        return _(
            "Top group of %(number)d: with these %(targets)d targets nobody can say which of them "
            "is best. The first method\u2019s 95 %% rank interval is %(interval)s; it is first in "
            "%(share)d %% of the draws."
        ) % {"number": len(top), "targets": row.offered, "interval": interval, "share": share}
    return _(
        "%(name)s is ahead of all others in at least 95 %% of the draws of %(targets)d targets "
        "(95 %% rank interval %(interval)s)."
    ) % {"name": name, "targets": row.offered, "interval": interval}


LONG_HEAD = ("entry", "target", "metric", "value", "status", "class", "group")


def write_scores(sheet: Sheet, codes: dict[int, str], to: IO[str]) -> None:
    """Write the competing entries' scores by the ranking metric, as `heldout rank` reads them."""
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(LONG_HEAD)
    key = sheet.column("")["key"]
    for line in sheet.competing:
        for target in sheet.targets:
            value = sheet.values.get((line.key, key, target.slug))
            writer.writerow([
                plain(codes[line.key]),
                target.slug,
                key,
                "" if value is None else repr(value),
                "missing" if value is None else "ok",
                target.classes[0] if target.classes else "",
                target.family,
            ])  # fmt: skip


def rule_json(sheet: Sheet) -> str:
    """Return the board's rule as `heldout rank` reads it."""
    rule = sheet.rank_rule(sheet.column(""), sheet.targets).to_json()
    return json.dumps(rule, indent=1, sort_keys=True) + "\n"


def feed_of(
    board: VisibleBoard,
    revisions: Iterable[tuple[BoardRevision, Changes | None, str]],
    *,
    address: str,
    page: str,
) -> str:
    """Return the changes of a board as an Atom feed, newest first.

    `revisions` are those that may be seen, each with what changed since the one before and what
    it says of who is best.
    """
    title = f"{board.round}: board"
    feed = Atom1Feed(title=title, link=page, description="", feed_url=address, language="en")
    for revision, changes, said in revisions:
        link = f"{page}?revision={revision.number}"
        feed.add_item(
            title=f"Revision {revision.number}",
            link=link,
            description="\n".join([said, *_news(changes)]),
            unique_id=link,
            updateddate=revision.created_at,
            pubdate=revision.created_at,
        )
    text: Any = feed.writeString("utf-8")
    return str(text)


MOST_NEWS = 20


def _news(changes: Changes | None) -> list[str]:
    if changes is None:
        return []
    moved = [move for move in changes.moves if not move.is_quiet]
    found = [*changes.events]
    for move in moved[:MOST_NEWS]:
        name = f"{move.line.submission.method.title} ({move.line.submission.team.name})"
        places = move.places
        went = "" if not places else f", {'up' if places > 0 else 'down'} {abs(places)}"
        found.append(f"{name}{went}: {'; '.join(move.reasons) or 'others moved'}")
    left = len(moved) - MOST_NEWS
    return [*found, f"... and {left} more"] if left > 0 else found
