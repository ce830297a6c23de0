"""Ways to come by credit without having made the progress, each played out on whole rounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scoring.contract import Aggregate, MetricChoice, TargetSpec
from scoring.credit import (
    COMMONS,
    Baseline,
    Books,
    Node,
    NodeKind,
    RecordError,
    Result,
    Round,
    UnitScore,
    settle,
)
from scoring.credit.board import dataset_board
from scoring.readers.base import MemorySource, Prediction
from scoring.twins import Standing, Yardstick, are_near, measure, pairs_to_measure
from scoring.uncertainty import advantage_bounds, replicate_values
from tests.scoring.credit_rounds import CLOSED, make_round, node, result, sole, targets, unit

POINT = 1_000_000


def honest(number: int = 10) -> tuple[Result, ...]:
    """Teams of skill 0.06, 0.12, ... with a person each."""
    return tuple(
        result(f"honest-{tenth:02}", 0.06 * tenth, members=(f"person-{tenth}",))
        for tenth in range(1, number + 1)
    )


def held_by(books: Books, beginning: str) -> float:
    """Points of all accounts whose name begins so."""
    mine = (amount for name, amount in books.by_account().items() if name.startswith(beginning))
    return sum(mine) / POINT


def through(books: Books, beginning: str) -> float:
    """Points that came through the results whose name begins so: theirs and what they passed on."""
    return (
        sum(p.micropoints for p in books.postings if (p.result or "").startswith(beginning)) / POINT
    )


def test_handing_in_last_rounds_winner_again_earns_nothing() -> None:
    """An open winner is a public baseline of the next round, so its skill there is 0."""
    again = unit(baselines=(Baseline("public", 0.0), Baseline("winner-of-last-round", 0.60)))
    others = [result("new", 0.70), result("weak", 0.30)]
    books = settle(
        make_round(
            result("copycat", 0.60, "own"),
            *others,
            units=(again,),
            nodes=(node("own", NodeKind.ORIGINAL),),
        )
    )
    assert through(books, "copycat") == 0
    assert through(books, "new") == pytest.approx(750 * 0.25)


def test_clone_teams_share_one_players_credit() -> None:
    clones = [result(f"clone-{place:02}", 0.30) for place in range(20)]
    alike = tuple(("clone-00", each.id) for each in clones[1:])
    alone = settle(make_round(*honest()))
    apart = settle(make_round(*honest(), *clones))
    merged = settle(make_round(*honest(), *clones, near_duplicates=alike))
    assert alone.minted == apart.minted == merged.minted == 700 * POINT
    assert round(through(apart, "clone"), 1) == 161.1
    assert round(through(merged, "clone"), 1) == 25.6
    best = [round(through(books, "honest-10")) for books in (alone, apart, merged)]
    assert best == [132, 111, 128]


def test_clones_with_a_pinch_of_noise_are_found_and_share_one_players_credit() -> None:
    """The attack above, with predictions: ten teams of skill 0.06 to 0.60 with errors of their own,
    and twenty clones of a solver at 0.30 that hide behind noise of a thousandth of its error."""
    draws = np.random.default_rng(7)
    specs = [TargetSpec(f"t{place}", (50,)) for place in range(10)]
    truth = draws.normal(size=(10, 50))
    entries = {
        each.id: truth + (1 - 0.06 * place) * draws.normal(size=truth.shape)
        for place, each in enumerate(honest(), 1)
    }
    copied = truth + 0.70 * draws.normal(size=truth.shape)
    for place in range(20):
        noise = 0.0007 * draws.normal(size=truth.shape)
        entries[f"clone-{place:02}"] = copied + noise
    pairs = near_duplicates(entries, truth, specs)
    assert {name for pair in pairs for name in pair} == {f"clone-{place:02}" for place in range(20)}
    results = [
        result(name, 1 - rmse(values, truth), members=(f"of-{name}",))
        for name, values in entries.items()
    ]
    apart = settle(make_round(*results))
    merged = settle(make_round(*results, near_duplicates=pairs))
    assert 150 < through(apart, "clone") < 170
    assert 22 < through(merged, "clone") < 29


def rmse(values: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(((values - truth) ** 2).mean(axis=1)).mean())


def near_duplicates(
    entries: dict[str, np.ndarray], truth: np.ndarray, specs: list[TargetSpec]
) -> tuple[tuple[str, str], ...]:
    """Do what the platform does: sweep over stored values, then measure what is left."""
    choice, slugs = MetricChoice("m", "rmse"), [spec.slug for spec in specs]
    yardstick = Yardstick(choice, np.ones(len(specs)), 0.0, 1.0)
    standings = [
        Standing(name, np.sqrt(((values - truth) ** 2).mean(axis=1)))
        for name, values in entries.items()
    ]
    read = {
        name: Prediction(dict(zip(slugs, map(MemorySource, values), strict=True)))
        for name, values in entries.items()
    }
    return tuple(
        (pair.one, pair.other)
        for pair in pairs_to_measure(standings, yardstick)
        if are_near(
            measure(read[pair.one], read[pair.other], specs, choice, weights={}),
            pair.gaps,
            percent=yardstick.percent,
            metric=yardstick.metric,
        )
    )


def test_a_person_in_two_teams_keeps_the_round_from_minting() -> None:
    clones = [result(f"clone-{place}", 0.30, members=("one-person",)) for place in range(2)]
    books = settle(make_round(*honest(), *clones))
    assert books.minted == 0
    assert "one-person is in 2 credited teams" in books.unmet[0]


def test_a_lottery_of_noise_wins_next_to_nothing() -> None:
    """200 entries that are the baseline with noise of its own size: the gate stops all but chance.

    The chance that a bound at 95 % lets an equal through is 5 % by design, with few targets a
    little more; and what gets through has a skill as small as its luck.
    """
    draws = np.random.default_rng(7)
    baseline = np.abs(draws.normal(size=40))
    noise = np.abs(draws.normal(size=(200, 40)))
    values = np.vstack([baseline, noise])
    replicates = replicate_values(
        values, how=Aggregate.MEAN, weights=np.ones(40), samples=1000, seed=1
    )
    let_through = advantage_bounds(replicates, baseline=0, direction="lower")[1:] > 0
    errors = values.mean(axis=1)
    lottery = [
        Result(
            f"noise-{place:03}",
            f"team-{place}",
            (UnitScore("score", 1 - errors[place + 1] / errors[0], bool(let_through[place])),),
        )
        for place in range(200)
    ]
    books = settle(make_round(*honest(), *lottery))
    gate_off = settle(make_round(*honest(), *lottery, target_sets=(targets("few", 7),)))
    assert let_through.mean() < 0.12
    assert through(books, "noise") < through(gate_off, "noise") / 2
    assert through(books, "honest-10") > 0.85 * through(settle(make_round(*honest())), "honest-10")


def test_listing_ones_own_dataset_never_ranks_it() -> None:
    own = node("own", NodeKind.ORIGINAL, shares=sole("person-10"))
    other = node("other", NodeKind.ORIGINAL, shares=sole("curator"))
    teams = list(honest())
    teams[-1] = replace(teams[-1], inputs=("own",))
    teams[0] = replace(teams[0], inputs=("other",))
    round_ = make_round(*teams, nodes=(own, other))
    first, second = dataset_board([(round_, settle(round_))])
    assert (first.account, second.account) == ("other", "own")
    assert second.total > first.total
    assert (second.independent, second.independent_teams, second.effective_teams) == (0, 0, None)


def test_a_ring_of_friends_gains_no_point_that_its_scores_do_not_earn() -> None:
    """Three teams list each other's data. What the ring holds is what its scores earned before;
    that only the ring uses the data is plain from the number of its teams."""
    ring = [result(f"ring-{place}", 0.30, members=(f"friend-{place}",)) for place in range(3)]
    data = tuple(
        node(f"ring-data-{place}", NodeKind.ORIGINAL, shares=sole(f"friend-{place}"))
        for place in range(3)
    )
    listed = [
        replace(each, inputs=tuple(f"ring-data-{other}" for other in range(3) if other != place))
        for place, each in enumerate(ring)
    ]
    silent = settle(make_round(*honest(), *ring))
    round_ = make_round(*honest(), *listed, nodes=data)
    loud = settle(round_)
    crumbs = 1e-4  # more postings round otherwise, by a micro-point each
    assert held_by(loud, "ring-") == pytest.approx(through(silent, "ring-"), abs=crumbs)
    assert held_by(loud, "honest") == pytest.approx(held_by(silent, "honest"), abs=crumbs)
    assert {line.independent_teams for line in dataset_board([(round_, loud)])} == {2}


def test_padding_the_list_takes_from_the_other_inputs_only_and_ends_at_twelve() -> None:
    nodes = (
        node("true", NodeKind.ORIGINAL),
        *(node(f"padding-{place:02}", NodeKind.ORIGINAL) for place in range(12)),
    )

    def played(padding: int) -> Books:
        names = tuple(each.id for each in nodes[1 : padding + 1])
        padded = result("padder", 0.90, "true", *names)
        return settle(make_round(padded, *honest(), nodes=nodes))

    assert held_by(played(11), "padder") == held_by(played(0), "padder")
    assert held_by(played(11), "honest") == held_by(played(0), "honest")
    assert held_by(played(11), "true") == pytest.approx(held_by(played(0), "true") / 12)
    with pytest.raises(RecordError, match="13 direct inputs, at most 12"):
        played(12)


def repackaged(*made: Node) -> Books:
    true = node("true", NodeKind.ORIGINAL, shares=sole("curator"))
    user = result("user", 0.90, made[-1].id)
    return settle(make_round(user, *honest(), nodes=(true, *made)))


def test_a_repackaged_copy_keeps_nothing_and_ten_of_them_in_a_row_neither() -> None:
    direct = repackaged(node("unused", NodeKind.ORIGINAL), node("the", NodeKind.COPY, "true"))
    chain = [node("copy-0", NodeKind.COPY, "true")]
    chain += [node(f"copy-{at}", NodeKind.COPY, f"copy-{at - 1}") for at in range(1, 10)]
    books = repackaged(*chain)
    assert held_by(books, "copy") == held_by(direct, "the") == 0
    assert held_by(books, "true") == held_by(direct, "true") > 0


def test_calling_a_copy_derived_leaves_its_source_as_much_as_it_takes() -> None:
    books = repackaged(node("repackaged", NodeKind.DERIVED, "true"))
    assert held_by(books, "repackaged") == held_by(books, "true") > 0


def test_a_false_original_forfeits_its_credit_to_the_commons() -> None:
    believed = repackaged(node("false", NodeKind.ORIGINAL))
    ruled = repackaged(node("false", NodeKind.ORIGINAL, may_earn=False))
    assert held_by(ruled, "false") == 0
    moved = held_by(ruled, COMMONS) - held_by(believed, COMMONS)
    assert moved == pytest.approx(held_by(believed, "false"))


def test_hiding_lineage_gains_nothing_and_shows_in_the_commons() -> None:
    data = (node("data", NodeKind.ORIGINAL, shares=sole("curator")),)
    told = settle(make_round(result("team", 0.90, "data"), *honest(), nodes=data))
    hidden = settle(make_round(result("team", 0.90), *honest(), nodes=data))
    assert held_by(told, "team") == held_by(hidden, "team")
    lost = held_by(told, "data")
    assert held_by(hidden, COMMONS) - held_by(told, COMMONS) == pytest.approx(lost)


def test_an_insider_in_a_scored_team_keeps_the_round_from_minting() -> None:
    insider = targets("measured", 10, shares=sole("person-3"))
    books = settle(make_round(*honest(), target_sets=(insider,)))
    assert books.minted == 0
    assert "person-3 contributed to the targets measured and is in a team" in books.unmet[0]
    without = tuple(each for each in honest() if each.id != "honest-03")
    assert settle(make_round(*without, target_sets=(insider,))).minted == 700 * POINT


def test_a_parent_made_up_after_the_close_is_refused() -> None:
    late = node("late", NodeKind.ORIGINAL, registered_at=CLOSED.replace(day=2))
    with pytest.raises(RecordError, match="late"):
        settle(make_round(result("team", 0.90, "late"), *honest(), nodes=(late,)))


def test_a_circle_of_parents_is_refused() -> None:
    nodes = (node("one", NodeKind.DERIVED, "two"), node("two", NodeKind.DERIVED, "one"))
    with pytest.raises(RecordError, match="cannot be built on itself"):
        settle(make_round(result("team", 0.90, "one"), *honest(), nodes=nodes))


@pytest.mark.parametrize(
    "round_",
    [
        make_round(*honest(2)),
        make_round(*honest(), units=(unit(baselines=()),)),
        make_round(*honest(), target_statement_complete=False),
    ],
    ids=["two teams", "no baseline", "no statement"],
)
def test_a_trivial_round_for_its_curators_credit_mints_nothing(round_: Round) -> None:
    books = settle(round_)
    assert (books.minted, books.open_headroom) == (0, None)
    assert books.unmet
