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
    """A team, its members and the entry it hands in (the slug of an entry of the demo)."""

    slug: str
    name: str
    members: tuple[str, ...]
    entry: str


PEOPLE = (
    Person(ORGANIZER, "Ines Duarte", "Institute of Applied Flow", is_staff=True),
    Person("wei", "Wei Zhang", "Institute of Applied Flow"),
    Person("mira", "Mira Okafor", "Riverside Fluids Group"),
    Person("jonas", "Jonas Lindqvist", "Riverside Fluids Group"),
    Person("lucia", "Lucía Ferrer", "Open Front Archive"),
    Person("tomas", "Tomás Ruiz", "Open Front Archive"),
    Person("amara", "Amara Diallo", "Upwind Society"),
    Person("henrik", "Henrik Solberg", "Coastal Numerics"),
    Person("yuki", "Yuki Tanaka", "Coastal Numerics"),
    Person("oluwaseun", "Oluwaseun Bello", "Fifth Order Club"),
    Person("elena", "Elena Petrova", "Fourier and Daughters"),
    Person("ravi", "Ravi Menon", "Mode Makers"),
    Person("sofia", "Sofia Rossi", "Mode Makers"),
    Person("noor", "Noor Haddad", "Flux Menders"),
    Person("david", "David Kimani", "Flux Menders"),
    Person("chloe", "Chloé Martin", "Second Helpings"),
    Person(GUEST, "Guest"),
)

BURGERS_TEAMS = (
    TeamOfDemo("round-organizers", "Round organizers", (ORGANIZER,), "persistence"),
    TeamOfDemo("upwind-society", "Upwind Society", ("amara",), "upwind-64"),
    TeamOfDemo("coastal-numerics", "Coastal Numerics", ("henrik", "yuki"), "muscl-128"),
    TeamOfDemo("fifth-order-club", "Fifth Order Club", ("oluwaseun",), "weno5-128"),
    TeamOfDemo("fourier-and-daughters", "Fourier and Daughters", ("elena",), "spectral-64"),
    TeamOfDemo("mode-makers", "Mode Makers", ("ravi", "sofia"), "dynamic-modes"),
    # Lucía made the dataset that this team trains on: the board shows that as self-use.
    TeamOfDemo("sixteen-numbers", "Sixteen Numbers", ("lucia",), "operator-inference"),
    TeamOfDemo("flux-menders", "Flux Menders", ("noor", "david"), "corrected-flux"),
    TeamOfDemo("second-helpings", "Second Helpings", ("chloe",), "corrected-flux-tuned"),
)
