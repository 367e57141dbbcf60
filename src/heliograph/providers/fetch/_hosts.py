"""Reading the URLs that clients name, and which hosts the policy allows.

A URL is taken apart here and nowhere else: what is checked are the very parts that the request is
made of, so that no two parsers can read one URL in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Literal, NamedTuple
from urllib.parse import quote

import httpx2

from heliograph.providers.fetch._addresses import may_be_listed

__all__ = ["MAX_URL", "Hosts", "Place", "Unfit", "read_url"]

MAX_URL = 8192
"""Characters of a URL."""

_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_ODD = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff]")
_AUTHORITY = re.compile(r"(?:\[([^\[\]]*)\]|([^\[\]:]*))(?::(.*))?", re.DOTALL)
_PORT = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_SAFE = "!$%&'()*+,;=:@/?-._~"
_PORTS = {"https": 443, "http": 80}
_NAMES = ("home.arpa", "internal", "invalid", "lan", "local", "localhost", "onion", "test")
"""Names under these are of a machine or a network, never of the public internet."""


class Unfit(ValueError):
    """A URL or a host that is not taken; the message says why."""


class Place(NamedTuple):
    """A URL in parts: ``host`` in ASCII, lower case, without a final dot; ``address`` where it is
    one; ``target`` is path and query."""

    scheme: Literal["http", "https"]
    host: str
    address: IPv4Address | IPv6Address | None
    port: int
    target: str

    @property
    def netloc(self) -> str:
        """Host and port as ``Host`` says them: without the scheme's own port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole, for what is relative to it."""
        return f"{self.scheme}://{self.netloc}{self.target}"


def read_url(url: str) -> Place:
    """Take a URL apart. Raises ``Unfit``: every odd form is refused rather than guessed at."""
    if len(url) > MAX_URL:
        raise Unfit(f"a URL of {len(url)} characters; the limit is {MAX_URL}")
    if _ODD.search(url):
        raise Unfit("a URL with white space or control characters in it; percent-encode them")
    match = _URL.fullmatch(url)
    if match is None:
        scheme = url.partition(":")[0].lower() if ":" in url[:32] else "this"
        if scheme in _PORTS:
            raise Unfit(f"a URL whose host cannot be read; it begins {scheme}://")
        raise Unfit(f"only https URLs are fetched, not {scheme!r}")
    host, address, port = _authority(match[2])
    target = quote(match[3], safe=_SAFE)
    if not target.startswith("/"):
        target = "/" + target
    known: Literal["http", "https"] = "https" if match[1].lower() == "https" else "http"
    return Place(known, host, address, port or _PORTS[known], target)


def _authority(text: str) -> tuple[str, IPv4Address | IPv6Address | None, int | None]:
    if "@" in text:
        raise Unfit("a URL with a user name or password in it; leave them out")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise Unfit("a URL whose host cannot be read")
    port = None
    if match[3] is not None:
        if not _PORT.fullmatch(match[3]) or int(match[3]) > 65535:
            raise Unfit("a URL whose port is no number from 1 to 65535")
        port = int(match[3])
    if match[1] is not None:
        try:
            six = IPv6Address(match[1])
        except ValueError:
            raise Unfit("a URL whose host is no IPv6 address") from None
        if six.scope_id is not None:
            raise Unfit("an IPv6 address with a zone")
        return str(six), six, port
    host = _ascii(match[2])
    return (*_named(host), port)


def _ascii(host: str) -> str:
    """A host's name as DNS knows it; international names in their ``xn--`` form."""
    if not host.isascii():
        try:
            host = httpx2.URL(scheme="https", host=host).raw_host.decode("ascii")
        except (httpx2.InvalidURL, UnicodeError):
            raise Unfit("a URL whose host is no name; write it in its xn-- form") from None
    return host.lower()


def _named(host: str) -> tuple[str, IPv4Address | None]:
    host = host.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise Unfit("a URL whose host is no name")
    if not _NUMBER.fullmatch(labels[-1]):
        return host, None
    try:
        return host, IPv4Address(host)
    except ValueError:
        raise Unfit(
            "a host that is a number; write an address as four decimal numbers, 192.0.2.1"
        ) from None


class _Entry(NamedTuple):
    host: str
    wild: bool
    address: IPv4Address | IPv6Address | None
    port: int | None

    def holds(self, place: Place) -> bool:
        if self.port is not None:
            if place.port != self.port:
                return False
        elif place.port not in _PORTS.values():
            return False
        if self.address is not None or place.address is not None:
            return self.address == place.address
        return place.host.endswith("." + self.host) if self.wild else place.host == self.host


def _entry(text: str) -> _Entry:
    wild = text.startswith("*.")
    try:
        host, address, port = _authority(text.removeprefix("*."))
    except Unfit as error:
        said = str(error).replace("a URL whose host", "its host").replace("a URL", "an entry")
        raise Unfit(
            f"{text!r}: {said}; an entry is example.org, *.example.org, 192.0.2.7 or [2001:db8::7],"
            " with :PORT behind it for a port other than 80 and 443"
        ) from None
    if wild and address is not None:
        raise Unfit(f"{text!r}: an address takes no *")
    if address is not None and not may_be_listed(address):
        raise Unfit(f"{text!r}: this address is never fetched from")
    return _Entry(host, wild, address, port)


class Hosts:
    """The hosts that an operator has listed. Raises ``Unfit`` for an entry that is none."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = tuple(_entry(text) for text in entries)

    def lists(self, place: Place) -> bool:
        """Whether an entry names the host, and its port where that is not 80 or 443."""
        return any(entry.holds(place) for entry in self._entries)

    def check(self, place: Place, *, public: bool, http: bool) -> None:
        """Raises ``Unfit`` for what may not be asked. ``public``: any public host may be."""
        if place.scheme == "http" and not http:
            raise Unfit("only https URLs are fetched here (fetch.http is false)")
        if self.lists(place):
            return
        if not public:
            raise Unfit(f"{place.netloc} is not among fetch.hosts; send the picture as a data: URL")
        if place.port not in _PORTS.values():
            raise Unfit(f"port {place.port}: only 80 and 443, or a host:port in fetch.hosts")
        if place.address is None and _private_name(place.host):
            raise Unfit(f"{place.host!r} is no name of the public internet")


def _private_name(host: str) -> bool:
    return "." not in host or any(host.endswith("." + name) for name in _NAMES)
