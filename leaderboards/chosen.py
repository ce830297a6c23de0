"""Which of a team's scored submissions count: of each model the last, whole or by target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from challenges.models import Round
from submissions.models import Submission


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which submissions of one team, method, track and kind count.

    Attributes
    ----------
    shown : Submission
        The last of the lowest model, as which the entry is shown.
    parts : mapping of target to submissions
        Which of them answer a target, one for each model that counts.
    has_first : bool
        Whether the model that the round ranks by is there.
    """

    shown: Submission
    used: int
    parts: Mapping[str, tuple[Submission, ...]]
    has_first: bool = True

    @property
    def ids(self) -> set[int]:
        """The ids of all submissions that count."""
        different = {id(part): part for part in self.parts.values()}.values()
        return {self.shown.pk} | {one.pk for part in different for one in part}


def choose(
    group: Sequence[Submission], *, used: int, slugs: Collection[str], replaces: str, basis: str
) -> Chosen:
    """Choose among the submissions of one group, given in the order of receipt.

    `used` is how many it has: where a file replaces the one before, only the last of each model
    need be given.
    """
    by_model: dict[int, list[Submission]] = defaultdict(list)
    for each in group:
        by_model[each.model_index].append(each)
    models = sorted(by_model)
    is_best = basis == Round.ModelBasis.BEST
    counting = models if is_best else models[:1]
    if replaces == Round.UploadReplaces.ENTRY:
        # The same for all targets: a file replaces whatever the one before answered.
        parts = dict.fromkeys(slugs, tuple(by_model[model][-1] for model in counting))
    else:
        parts = {
            slug: tuple(
                one for model in counting if (one := _answer_to(slug, by_model[model])) is not None
            )
            for slug in slugs
        }
    return Chosen(by_model[models[0]][-1], used, parts, is_best or models[0] == 1)


def _answer_to(slug: str, of_model: Sequence[Submission]) -> Submission | None:
    return next((each for each in reversed(of_model) if slug in each.answered), None)
