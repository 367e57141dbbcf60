"""Which network addresses are public: a table, so that it is the same under every Python.

Facts: IANA's registries of special-purpose IPv4 and IPv6 addresses, RFC 4291 (IPv4-mapped), RFC
6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), and the clouds' manuals for the addresses
at which a virtual machine asks for its own credentials.

Rules for whoever edits it: an IPv4 address is public unless the table names it; an IPv6 address is
public only within 2000::/3, of which the table takes away. An address that carries an IPv4 address
inside is never public, whatever that one is: where it leads is decided by somebody's translator.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = ["may_be_listed", "why_not_public"]

_V4 = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a carrier's customers (CGNAT)",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "a cloud's own (metadata)",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "reserved for documentation",
    "192.52.193.0/24": "reserved",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "reserved for benchmarks",
    "198.51.100.0/24": "reserved for documentation",
    "203.0.113.0/24": "reserved for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_V6 = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::ffff:0:0/96": "an IPv4 address in disguise (IPv4-mapped)",
    "64:ff9b::/96": "an IPv4 address in disguise (NAT64)",
    "64:ff9b:1::/48": "an IPv4 address in disguise (NAT64)",
    "2001::/32": "an IPv4 address in disguise (Teredo)",
    "2001::/23": "reserved",
    "2001:db8::/32": "reserved for documentation",
    "2002::/16": "an IPv4 address in disguise (6to4)",
    "3fff::/20": "reserved for documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "private",
    "ff00::/8": "multicast",
}
_V4_TABLE = tuple((IPv4Network(net), why) for net, why in _V4.items())
_V6_TABLE = tuple((IPv6Network(net), why) for net, why in _V6.items())
_GLOBAL_UNICAST = IPv6Network("2000::/3")

_LISTABLE = ("loopback", "private", "shared by a carrier's customers (CGNAT)")
_CLOUDS = (
    IPv4Address("100.100.100.200"),
    IPv6Address("fd00:ec2::254"),
    IPv6Address("fd20:ce::254"),
)
"""Where clouds hand out credentials, within networks that may otherwise be listed."""


def why_not_public(address: IPv4Address | IPv6Address) -> str | None:
    """What an address is that is not public; None for a public one."""
    if isinstance(address, IPv4Address):
        for net4, why in _V4_TABLE:
            if address in net4:
                return why
        return None
    for net6, why in _V6_TABLE:
        if address in net6:
            return why
    return None if address in _GLOBAL_UNICAST else "reserved"


def may_be_listed(address: IPv4Address | IPv6Address) -> bool:
    """Whether an operator may allow an address by writing it into the list.

    Public, private, loopback and CGNAT ones may; link-local (where the clouds' credentials are),
    multicast, unspecified, reserved and disguised ones never.
    """
    if address in _CLOUDS:
        return False
    why = why_not_public(address)
    return why is None or why in _LISTABLE
