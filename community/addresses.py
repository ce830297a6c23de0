"""Where the site may send by itself: public addresses only, looked up once.

People name these addresses, and the site sends from inside its own network. So the name is
looked up here, every address it has is judged, and the connection goes to the very address that
was judged: a name that points elsewhere a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from community.errors import AddressRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Iterable[str]]

# Public by their numbers, yet answered by the machine's own cloud.
_OF_CLOUDS = (ipaddress.ip_network("168.63.129.16/32"),)
# IPv4 addresses in the clothes of IPv6: mapped, compatible, NAT64, 6to4.
_WRAPPED = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
_TEREDO = ipaddress.IPv6Network("2001::/32")
_INNER_NAMES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "onion",
)
_PLAIN = "0123456789abcdefghijklmnopqrstuvwxyz-._"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to, and what to ask for there."""

    address: str
    host: str  # as written: for the header and the certificate
    port: int
    path: str
    is_secure: bool


def _remedy() -> str:
    return _(
        "Give an address that everybody on the internet reaches, like https://example.org/hook."
    )


def check_url(url: str) -> SplitResult:
    """Refuse an address that cannot be right, without asking anybody for it.

    Raises
    ------
    AddressRefused
        If it is not `https`, holds a password, names a port that is not allowed or this machine.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise AddressRefused(_("This is not an address."), _remedy()) from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"https", "http"} or not host:
        raise AddressRefused(_("This is not an address of the web."), _remedy())
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        told = _("There is a blank, a backslash or a letter outside ASCII in the address.")
        raise AddressRefused(
            told, _("Write such letters as %C3%A9, in the name of the host as xn--…")
        )
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            _("The address holds a name or a password."), _("Check the signature there instead.")
        )
    literal = _literal(host)
    if literal is not None:
        _judge(literal)
    elif _is_inner(host):
        if not settings.WEBHOOKS_TO_LOOPBACK:
            raise AddressRefused(
                _("%(host)s is a name inside a network.") % {"host": host}, _remedy()
            )
        return parts
    elif set(host) - set(_PLAIN):
        raise AddressRefused(_("The name has other letters than a-z."), _("Write it as xn--…"))
    if not _is_loopback(literal):
        _check_public(parts.scheme, port)
    return parts


def _check_public(scheme: str, port: int) -> None:
    if scheme != "https":
        raise AddressRefused(_("The address must begin with https://."), _remedy())
    if port not in settings.WEBHOOK_PORTS:
        allowed = ", ".join(map(str, sorted(settings.WEBHOOK_PORTS)))
        raise AddressRefused(
            _("Port %(port)s is not allowed here.") % {"port": port},
            _("Allowed: %(allowed)s.") % {"allowed": allowed},
        )


def place_of(url: str, *, resolve: Resolve | None = None) -> Place:
    """Look an address up and return where to connect to.

    Raises
    ------
    AddressRefused
        If it is not allowed, or one of the addresses of its name is not.
    OSError
        If its name cannot be looked up now.
    """
    parts = check_url(url)
    host = (parts.hostname or "").rstrip(".")
    is_secure = parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    found = [ipaddress.ip_address(each) for each in (resolve or look_up)(host, port)]
    if not found:
        raise OSError(f"{host} has no address")
    for address in found:
        _judge(address)
        if not is_secure and not _is_loopback(address):
            raise AddressRefused(_("The address must begin with https://."), _remedy())
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(str(found[0]), host, port, path, is_secure)


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name as the system knows them."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows))


def _literal(host: str) -> Address | None:
    """Return the address that a host is written as, in any spelling that systems take."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except (OSError, ValueError):
        return None


def _judge(address: Address) -> None:
    """Refuse what is not public: the inner address counts where one is wrapped in another."""
    if settings.WEBHOOKS_TO_LOOPBACK and _is_loopback(address):
        return
    for each in (address, *_inside(address)):
        public = each.is_global and not (each.is_multicast or each.is_reserved)
        site_local = isinstance(each, ipaddress.IPv6Address) and each.is_site_local
        of_cloud = any(each in net for net in _OF_CLOUDS if net.version == each.version)
        if not public or site_local or of_cloud:
            raise AddressRefused(_("This leads to an address that is not public."), _remedy())


def _inside(address: Address) -> list[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    number = int(address)
    found = [
        ipaddress.IPv4Address((number >> shift) & 0xFFFFFFFF)
        for network, shift in _WRAPPED
        if address in network
    ]
    if address in _TEREDO:
        found.append(ipaddress.IPv4Address((number & 0xFFFFFFFF) ^ 0xFFFFFFFF))
    return found


def _is_loopback(address: Address | None) -> bool:
    return address is not None and (
        address.is_loopback or any(each.is_loopback for each in _inside(address))
    )


def _is_inner(host: str) -> bool:
    """Tell whether a name, which is no address, is one that only a network's own people use."""
    return "." not in host or any(host.endswith(f".{name}") for name in _INNER_NAMES)
