"""Blind scientific challenges from Python: see `connect`, and docs/client.md.

Importing this package imports nothing else: NumPy, SciPy and the client's packages come with
what is used of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heldout.site import Site

__all__ = ["connect"]


def connect(server: str = "", *, token: str = "") -> Site:
    """Open a connection to a server.

    Parameters
    ----------
    server : str
        Its address; else $HELDOUT_URL, or the server of the last ``heldout login``.
    token : str
        Else $HELDOUT_TOKEN, or what ``heldout login`` keeps; without one, what is public.
    """
    from heldout import credentials
    from heldout.client import Client
    from heldout.site import Site

    address, kept = credentials.server(server)
    return Site(Client(address, token=token or kept))
