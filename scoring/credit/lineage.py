"""Halves: step 3 of the credit rule. What a result receives flows upstream along its lineage.

========================================================  =======  ===============================
node                                                      keeps    passes the rest equally to
========================================================  =======  ===============================
result, model                                             1/2      declared datasets, base models
derived dataset                                           1/2      its source datasets
original dataset                                          1
copy (identical to, variant of)                           0        the original; not a level
any node four levels below the result                     1
========================================================  =======  ===============================

A part that has no declared input to go to lands in the commons, never back with the maker; that
holds for a result, a model, a derived dataset and a copy alike. So what a maker declares never
changes what the maker keeps, and telling the truth about lineage costs nothing.

A dataset and its copies are one input, however many of them are listed side by side: otherwise
mirrors of a favourite dataset would crowd out the other inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

from scoring.credit.records import COMMONS, CreditKind, Node, NodeKind, Result

HALF = Fraction(1, 2)
DEEPEST_LEVEL = 4
MAX_INPUTS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A fraction of what a result received that ends in one account, and the way it took."""

    account: str
    kind: CreditKind
    path: tuple[str, ...]
    fraction: Fraction
    self_use: bool = False


def flow(result: Result, nodes: Mapping[str, Node]) -> list[Part]:
    """Where one point that ``result`` receives ends up.

    Parameters
    ----------
    result : Result
    nodes : mapping of node id to Node
        Must pass :func:`lineage_problems` together with the result.

    Returns
    -------
    list of Part
        Fractions sum to 1 exactly, paths are distinct. The first part is the team's own.
    """
    own = Part(result.id, CreditKind.METHOD, (result.id,), HALF)
    parts = [own]
    for path, node, amount in _pass_on(result.inputs, (result.id,), amount=HALF, nodes=nodes):
        if node is None:
            parts.append(Part(COMMONS, CreditKind.COMMONS, (*path, COMMONS), amount))
        else:
            parts.extend(_descend(node, path, level=1, amount=amount, nodes=nodes, result=result))
    return _one_part_a_path(parts)


def _one_part_a_path(parts: list[Part]) -> list[Part]:
    """Add up parts on one path: the kept and the passed-on half can both end in the commons."""
    joined: dict[tuple[str, ...], Part] = {}
    for part in parts:
        known = joined.get(part.path)
        fraction = part.fraction + (known.fraction if known else 0)
        joined[part.path] = replace(part, fraction=fraction)
    return list(joined.values())


def _descend(
    node: Node,
    path: tuple[str, ...],
    *,
    level: int,
    amount: Fraction,
    nodes: Mapping[str, Node],
    result: Result,
) -> Iterator[Part]:
    """Yield the parts of ``amount`` that has arrived at ``node``; ``path`` ends with it."""
    keeps_all = node.kind is NodeKind.ORIGINAL or level == DEEPEST_LEVEL
    kept = amount if keeps_all else amount * HALF
    yield _kept(node, path, kept=kept, result=result)
    if keeps_all:
        return
    for onward, source, rest in _pass_on(node.inputs, path, amount=amount - kept, nodes=nodes):
        if source is None:
            yield Part(COMMONS, CreditKind.COMMONS, (*onward, COMMONS), rest)
        else:
            yield from _descend(
                source, onward, level=level + 1, amount=rest, nodes=nodes, result=result
            )


def _kept(node: Node, path: tuple[str, ...], *, kept: Fraction, result: Result) -> Part:
    if not node.may_earn:
        return Part(COMMONS, CreditKind.COMMONS, (*path, COMMONS), kept)
    kind = CreditKind.METHOD if node.kind is NodeKind.MODEL else CreditKind.DATA
    return Part(node.id, kind, path, kept, self_use=bool(node.people & result.people))


def _pass_on(
    inputs: tuple[str, ...],
    path: tuple[str, ...],
    *,
    amount: Fraction,
    nodes: Mapping[str, Node],
) -> list[tuple[tuple[str, ...], Node | None, Fraction]]:
    """Part ``amount`` equally among the inputs, copies resolved to what they are copies of.

    Returns the path up to and including each source, the source (None when a copy names no
    original, or there is no input at all: the commons), and its amount.
    """
    ways = [_resolve_copies(each, nodes) for each in inputs]
    shortest: dict[str, list[Node]] = {}
    for way in sorted(ways, key=lambda way: (len(way), way[0].id)):
        shortest.setdefault(way[-1].id, way)
    if not shortest:
        return [(path, None, amount)]
    each_gets = amount / len(shortest)
    return [
        (
            (*path, *(node.id for node in way)),
            None if way[-1].kind is NodeKind.COPY else way[-1],
            each_gets,
        )
        for way in shortest.values()
    ]


def _resolve_copies(node_id: str, nodes: Mapping[str, Node]) -> list[Node]:
    """Follow copies to the first node that is no copy, or to a copy that names no original."""
    way = [nodes[node_id]]
    while way[-1].kind is NodeKind.COPY and way[-1].inputs:
        way.append(nodes[way[-1].inputs[0]])
    return way


def lineage_problems(results: Iterable[Result], nodes: Mapping[str, Node]) -> list[str]:
    """Everything that makes a lineage impossible, in plain words.

    Checked: inputs exist, none twice, at most 12, a copy names one original, an original names no
    input, and nothing is its own ancestor.
    """
    problems: list[str] = []
    owners: list[Result | Node] = [*results, *nodes.values()]
    for owner in owners:
        problems += _input_problems(owner, nodes)
    problems += _kind_problems(nodes.values())
    try:
        TopologicalSorter({node.id: node.inputs for node in nodes.values()}).prepare()
    except CycleError as error:
        problems.append(f"{' -> '.join(error.args[1])}: an artifact cannot be built on itself")
    return problems


def _input_problems(owner: Result | Node, nodes: Mapping[str, Node]) -> list[str]:
    problems = [
        f"{owner.id}: its input {each} is not among the nodes; add it or take it off the list"
        for each in owner.inputs
        if each not in nodes
    ]
    if len(set(owner.inputs)) < len(owner.inputs):
        problems.append(f"{owner.id}: an input is listed twice")
    if len(owner.inputs) > MAX_INPUTS:
        problems.append(
            f"{owner.id}: {len(owner.inputs)} direct inputs, at most {MAX_INPUTS} are allowed;"
            " register a merged dataset for the rest"
        )
    return problems


def _kind_problems(nodes: Iterable[Node]) -> list[str]:
    problems = []
    for node in nodes:
        if node.kind is NodeKind.ORIGINAL and node.inputs:
            problems.append(f"{node.id}: an original dataset has no inputs; call it derived")
        if node.kind is NodeKind.COPY and len(node.inputs) > 1:
            problems.append(f"{node.id}: a copy has one original; call it derived")
    return problems
