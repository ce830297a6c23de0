"""Which atoms a structure target asks for, and in which order, as the organizer declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers.base import REQUIRE_ALL, ReaderOption

ANY_RESIDUE = "X"
NOT_SCORED = "-"
ResidueKey = tuple[str, str]  # chain and number, with the insertion code behind it: ("A", "52B")

_AMINO_ACIDS = (
    "ALA A ARG R ASN N ASP D CYS C GLN Q GLU E GLY G HIS H ILE I LEU L LYS K MET M PHE F PRO P "
    "SER S THR T TRP W TYR Y VAL V SEC U PYL O MSE M SEP S TPO T PTR Y CSO C HYP P HSD H HSE H "
    "HSP H HID H HIE H HIP H CYX C"
)
_NUCLEOTIDES = "A A C C G G U U T T DA A DC C DG G DT T DU U"
_WORDS = f"{_AMINO_ACIDS} {_NUCLEOTIDES}".split()
LETTERS: Mapping[str, str] = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))

OPTIONS = (
    ReaderOption(
        "residues",
        "For each target its residues, as one piece or a list of them: {sequence: MKV--LA, "
        "first: 1, chain: A}. The sequence is in one-letter code; X stands for any residue, and - "
        "for one that may be there and is not scored. Numbers count up from first (1), or are "
        "listed one by one under numbers. Without a chain, the file's only one is taken. A target "
        "that is not named has any residues, numbered from 1.",
        default={},
        kind=dict,
    ),
    ReaderOption(
        "atoms",
        "The atoms of each residue that are read, by name: one makes a target of shape "
        "(residues, 3), several one of shape (residues, atoms, 3).",
        default=["CA"],
        kind=list,
    ),
    ReaderOption("model", "The number of the MODEL that is read, where there are several.", 1, int),
    ReaderOption("max_atoms", "The most atoms of any kind that a file may hold.", 1_000_000, int),
    REQUIRE_ALL,
)


@dataclass(frozen=True, slots=True)
class Template:
    """The residues and atoms of one target.

    `letters` has every residue that may be there, and `rows` the place of each that is scored;
    `chains` is one empty name where any chain will do.
    """

    target: TargetSpec
    letters: Mapping[ResidueKey, str]
    rows: Mapping[ResidueKey, int]
    atoms: Mapping[str, int]
    chains: tuple[str, ...]

    def fits(self, key: ResidueKey, residue: str) -> bool:
        """Tell whether a residue of this name may stand at this place."""
        letter = self.letters.get(key)
        return letter in (ANY_RESIDUE, NOT_SCORED) or (
            letter is not None and LETTERS.get(residue) == letter
        )


def templates_from(
    options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> dict[str, Template]:
    """Return the template of every target.

    Raises
    ------
    ReaderOptionError
        If what is declared contradicts itself or the shapes of the targets.
    """
    atoms = options["atoms"]
    if not atoms or not all(_is_word(name) for name in atoms) or len(set(atoms)) != len(atoms):
        raise ReaderOptionError("option atoms must list different atom names, such as CA")
    declared = options["residues"]
    unknown = sorted(set(declared) - {target.slug for target in targets})
    if unknown:
        raise ReaderOptionError(f"option residues names no targets: {', '.join(unknown)}")
    return {
        target.slug: _template(target, declared=declared.get(target.slug), atoms=atoms)
        for target in targets
    }


def _template(target: TargetSpec, *, declared: JsonValue, atoms: Sequence[str]) -> Template:
    if declared is None:
        length = (target.shape or (None,))[0]
        if length is None:
            raise ReaderOptionError(f"target {target.slug} needs a sequence in option residues")
        declared = {"sequence": ANY_RESIDUE * length}
    pieces = declared if isinstance(declared, list) else [declared]
    letters: dict[ResidueKey, str] = {}
    for piece in pieces:
        for key, letter in _residues(target.slug, piece):
            if key in letters:
                raise ReaderOptionError(
                    f"option residues, target {target.slug}: residue {shown_residue(key)} is "
                    "declared twice"
                )
            letters[key] = letter
    scored = [key for key, letter in letters.items() if letter != NOT_SCORED]
    template = Template(
        target,
        letters,
        {key: row for row, key in enumerate(scored)},
        {name: column for column, name in enumerate(atoms)},
        tuple(dict.fromkeys(chain for chain, _ in letters)),
    )
    _check_template(template)
    return template


def _residues(slug: str, piece: JsonValue) -> list[tuple[ResidueKey, str]]:
    """Return the residues of one declared piece, in order."""
    fault = f"option residues, target {slug}: "
    if not isinstance(piece, dict) or set(piece) - {"sequence", "first", "numbers", "chain"}:
        raise ReaderOptionError(f"{fault}a piece has a sequence, and first or numbers, and chain")
    sequence, chain = piece.get("sequence"), piece.get("chain", "")
    if not isinstance(sequence, str) or not sequence.replace(NOT_SCORED, "").isalpha():
        raise ReaderOptionError(f"{fault}sequence must be letters, X and -")
    if not isinstance(chain, str) or (chain and not _is_word(chain)):
        raise ReaderOptionError(f"{fault}chain must be a name without blanks")
    first = piece.get("first", 1)
    if not isinstance(first, int):
        raise ReaderOptionError(f"{fault}first must be a whole number")
    numbers = piece.get("numbers", list(range(first, first + len(sequence))))
    if not isinstance(numbers, list) or len(numbers) != len(sequence):
        raise ReaderOptionError(f"{fault}numbers must be as many as the sequence has places")
    pairs = zip(numbers, sequence.upper(), strict=True)
    return [((chain, str(number)), letter) for number, letter in pairs]


def _check_template(template: Template) -> None:
    target, fault = template.target, f"target {template.target.slug}"
    if "" in template.chains and len(template.chains) > 1:
        raise ReaderOptionError(f"{fault}: name the chain of every piece, or of none")
    rows, columns = len(template.rows), len(template.atoms)
    shapes = {(rows, 3), (rows, 1, 3)} if columns == 1 else {(rows, columns, 3)}
    if not any(
        len(shape) == len(target.shape)
        and all(want in (None, have) for have, want in zip(shape, target.shape, strict=True))
        for shape in shapes
    ):
        raise ReaderOptionError(
            f"{fault} has another shape than {rows} residues of {columns} atom(s) make"
        )


def shown_residue(key: ResidueKey) -> str:
    """Return how a residue is called in messages: "A 52B"."""
    return " ".join(part for part in key if part)


def _is_word(name: JsonValue) -> bool:
    return (
        isinstance(name, str) and name.isascii() and name.isprintable() and len(name.split()) == 1
    )
