"""The people of the demo: all made up. Who they are decides where credit goes."""

from __future__ import annotations

from dataclasses import dataclass

ORGANIZER = "organizer"
GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person."""

    username: str
    display_name: str
    affiliation: str = ""
    is_staff: bool = False


@dataclass(frozen=True, slots=True)
class TeamOfDemo:
    """A team and its members; the first one hands in."""

    slug: str
    name: str
    members: tuple[str, ...]


PEOPLE = (
    Person(ORGANIZER, "Ines Duarte", "Institute of Applied Flow", is_staff=True),
    Person("wei", "Wei Zhang", "Institute of Applied Flow"),
    Person("mira", "Mira Okafor", "Riverside Fluids Group"),
    Person("jonas", "Jonas Lindqvist", "Riverside Fluids Group"),
    Person("lucia", "Lucía Ferrer", "Open Front Archive"),
    Person("tomas", "Tomás Ruiz", "Open Front Archive"),
    Person("henrik", "Henrik Solberg", "Coastal Numerics"),
    Person("yuki", "Yuki Tanaka", "Coastal Numerics"),
    Person("oluwaseun", "Oluwaseun Bello", "Fifth Order Club"),
    Person("elena", "Elena Petrova", "Fourier and Daughters"),
    Person("ravi", "Ravi Menon", "Mode Makers"),
    Person("sofia", "Sofia Rossi", "Mode Makers"),
    Person("noor", "Noor Haddad", "Flux Menders"),
    Person("kofi", "Kofi Mensah", "Sixteen Numbers"),
    Person("chloe", "Chloé Martin", "Second Helpings"),
    Person(GUEST, "Guest"),
)

ORGANIZERS = TeamOfDemo("round-organizers", "Round organizers", (ORGANIZER,))
COASTAL = TeamOfDemo("coastal-numerics", "Coastal Numerics", ("henrik", "yuki"))
FIFTH_ORDER = TeamOfDemo("fifth-order-club", "Fifth Order Club", ("oluwaseun",))
FOURIER = TeamOfDemo("fourier-and-daughters", "Fourier and Daughters", ("elena",))
MODES = TeamOfDemo("mode-makers", "Mode Makers", ("ravi", "sofia"))
SIXTEEN = TeamOfDemo("sixteen-numbers", "Sixteen Numbers", ("kofi",))
# Jonas made part of the dataset that this team trains on: the books show that as self-use.
MENDERS = TeamOfDemo("flux-menders", "Flux Menders", ("noor", "jonas"))
HELPINGS = TeamOfDemo("second-helpings", "Second Helpings", ("chloe",))

TEAMS = (ORGANIZERS, COASTAL, FIFTH_ORDER, FOURIER, MODES, SIXTEEN, MENDERS, HELPINGS)

# Who hands in which entry of the Burgers round. What organizers hand in are public baselines.
BURGERS_ENTRIES = (
    (ORGANIZERS, "persistence"),
    (ORGANIZERS, "upwind-64"),
    (COASTAL, "muscl-128"),
    (FIFTH_ORDER, "weno5-128"),
    (FOURIER, "spectral-64"),
    (MODES, "dynamic-modes"),
    (SIXTEEN, "operator-inference"),
    (MENDERS, "corrected-flux"),
    (HELPINGS, "corrected-flux-tuned"),
)

DIGITS_ENTRIES = (
    (ORGANIZERS, "back-of-the-envelope"),
    (COASTAL, "plain-double-precision"),
    (FIFTH_ORDER, "analysed"),
)
