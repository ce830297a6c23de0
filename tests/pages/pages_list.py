"""Every page of the seeded site, and what it needs."""

from __future__ import annotations

from tests.pages.seed import Seed


def public_pages(seed: Seed) -> dict[str, str]:
    """Name every page that a visitor without an account may see."""
    final, open_ = seed.final.get_absolute_url(), seed.open.get_absolute_url()
    return {
        "home": "/",
        "help": "/help/",
        "glossary": "/glossary/",
        "topic": "/topics/fluid-dynamics/",
        "search": "/search/",
        "search with hits": "/search/?q=burgers",
        "search without hits": "/search/?q=nothing+of+the+kind",
        "login": "/login/",
        "signup": "/signup/",
        "challenge": seed.challenge.get_absolute_url(),
        "open round": open_,
        "final round": final,
        "upcoming round": seed.upcoming.get_absolute_url(),
        "scores": f"{final}scores/",
        "scores by another metric": f"{final}scores/?metric=max_error",
        "datasets of a round": f"{final}datasets/",
        "books of a round": f"{final}credit/",
        "provisional books of a round": f"{open_}credit/",
        "provisional datasets of a round": f"{open_}datasets/",
        "target": f"{final}targets/u01/",
        "datasets": "/datasets/",
        "catalog": "/catalog/",
        "catalog searched": "/catalog/?q=fields&kind=dataset",
        "dataset": seed.data["D1"].get_absolute_url(),
        "dataset without credit": seed.data["unused"].get_absolute_url(),
        "target set": seed.target_set.get_absolute_url(),
        "model": seed.methods["A"].get_absolute_url(),
        "model without result": seed.methods["M0"].get_absolute_url(),
        "person": seed.ann.get_absolute_url(),
        "certificate": f"{seed.ann.get_absolute_url()}certificates/"
        f"{seed.challenge.slug}/{seed.final.slug}/",
        "organizer": seed.organizer.get_absolute_url(),
        "metrics": "/metrics/",
        "metrics searched": "/metrics/?q=correlation",
        "metric": "/metrics/nrmse/",
        "metric at a version": "/metrics/nrmse/1/",
        "team": seed.teams["B"].get_absolute_url(),
    }


def member_pages(seed: Seed) -> dict[str, str]:
    """Name the pages that only a member of team A sees."""
    return {
        "submissions": "/submissions/",
        "organizing": "/organizing/",
        "account": "/account/",
        "teams": "/account/teams/",
        "manage a team": f"{seed.teams['A'].get_absolute_url()}manage/",
        "tokens": "/account/tokens/",
        "submit": f"{seed.open.get_absolute_url()}submit/",
        "scored": seed.entries["A"].get_absolute_url(),
    }
