"""Which addresses are public: the table, and hypothesis against the standard library's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heliograph.providers.fetch import why_not_public
from heliograph.providers.fetch._addresses import may_be_listed


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("0.0.0.0", "unspecified"),
        ("10.1.2.3", "private"),
        ("100.64.0.1", "CGNAT"),
        ("100.127.255.255", "CGNAT"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("168.63.129.16", "metadata"),
        ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.192", "reserved"),
        ("192.88.99.1", "6to4"),
        ("192.168.1.1", "private"),
        ("198.18.0.1", "benchmarks"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::7f00:1", "reserved"),
        ("::ffff:127.0.0.1", "IPv4-mapped"),
        ("::ffff:8.8.8.8", "IPv4-mapped"),
        ("64:ff9b::8.8.8.8", "NAT64"),
        ("64:ff9b:1::1", "NAT64"),
        ("100::1", "reserved"),
        ("2001::1", "Teredo"),
        ("2001:db8::1", "documentation"),
        ("2002:7f00:1::", "6to4"),
        ("3fff::1", "documentation"),
        ("4000::1", "reserved"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fe80::1", "link-local"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
    ],
)
def test_what_is_not_public_is_named(address: str, why: str) -> None:
    assert why in (why_not_public(ip_address(address)) or "")


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.0",
        "192.0.1.0",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450::1",
        "2001:200::1",
    ],
)
def test_public_addresses_are_public(address: str) -> None:
    assert why_not_public(ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_is_public_that_python_knows_as_special(address: IPv4Address) -> None:
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or not address.is_global
    )
    if special:
        assert why_not_public(address) is not None


@given(st.ip_addresses(v=6))
@example(IPv6Address("2001:1::1"))
def test_no_ipv6_address_is_public_that_python_knows_as_special(address: IPv6Address) -> None:
    special = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_site_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.ipv4_mapped is not None
        or address.sixtofour is not None
        or address.teredo is not None
    )
    if special:
        assert why_not_public(address) is not None


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_gets_through_inside_an_ipv6_address(inner: IPv4Address) -> None:
    number = int(inner)
    for prefix, shift in (
        ("::", 0),
        ("::ffff:0:0", 0),
        ("::ffff:0:0:0", 0),
        ("64:ff9b::", 0),
        ("64:ff9b:1::", 0),
        ("2002::", 80),
        ("2001::", 0),
        ("2001::", 64),
    ):
        outer = IPv6Address(int(IPv6Address(prefix)) | number << shift)
        assert why_not_public(outer) is not None


@given(st.ip_addresses())
def test_whatever_is_public_may_be_listed(address: IPv4Address | IPv6Address) -> None:
    assert may_be_listed(address) or why_not_public(address) is not None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "fd12::1", "::1", "100.64.0.1"])
def test_a_private_address_may_be_listed(address: str) -> None:
    assert may_be_listed(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",
        "::",
        "::ffff:10.0.0.1",
        "ff02::1",
        "100.100.100.200",
        "fd00:ec2::254",
        "168.63.129.16",
        "192.0.0.192",
        "255.255.255.255",
    ],
)
def test_metadata_and_the_like_may_not_even_be_listed(address: str) -> None:
    assert not may_be_listed(ip_address(address))
