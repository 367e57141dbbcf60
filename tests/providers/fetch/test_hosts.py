"""Reading URLs, and which of them the policy allows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.providers.fetch import FetchSettings, Hosts, Place, read_url
from heliograph.providers.fetch._hosts import Unfit


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://example.org/a.png", "example.org", 443, "/a.png"),
        ("HTTPS://EXAMPLE.org./a.png", "example.org", 443, "/a.png"),
        ("https://example.org", "example.org", 443, "/"),
        ("https://example.org?x=1#part", "example.org", 443, "/?x=1"),
        ("https://example.org:8443/a%20b/ü.png", "example.org", 8443, "/a%20b/%C3%BC.png"),
        ("https://bücher.example/x", "xn--bcher-kva.example", 443, "/x"),
        ("https://example。org/x", "example.org", 443, "/x"),
        ("http://example.org/x@y:z", "example.org", 80, "/x@y:z"),
        ("https://example.org/a\\b", "example.org", 443, "/a%5Cb"),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, target: str) -> None:
    place = read_url(url)
    assert (place.host, place.port, place.target, place.address) == (host, port, target, None)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://192.0.2.7/x", "192.0.2.7"),
        ("https://192.0.2.7./x", "192.0.2.7"),
        ("https://[2001:DB8:0::7]:444/x", "2001:db8::7"),
        ("https://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
    ],
)
def test_an_address_is_seen_for_what_it_is(url: str, address: str) -> None:
    assert read_url(url).address == ip_address(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/x", "only https URLs are fetched, not 'ftp'"),
        ("file:///etc/passwd", "only https URLs"),
        ("//example.org/x", "only https URLs"),
        ("https:/example.org/x", "it begins https://"),
        ("https://user@example.org/x", "user name or password"),
        ("https://user:secret@127.0.0.1/x", "user name or password"),
        ("https://example.org\\@127.0.0.1/x", "user name or password"),
        ("https://example.org\\.evil.test/x", "is no name"),
        ("https://2130706433/x", "a host that is a number"),
        ("https://0x7f000001/x", "a host that is a number"),
        ("https://0x7f.1/x", "a host that is a number"),
        ("https://017700000001/x", "a host that is a number"),
        ("https://127.1/x", "a host that is a number"),
        ("https://0177.0.0.1/x", "a host that is a number"),
        ("https://127.0.0.0x1/x", "a host that is a number"),
        ("https://example.0x/x", "a host that is a number"),
        ("https://127.0.0.1.1/x", "a host that is a number"),
        ("https://[fe80::1%25eth0]/x", "zone"),
        ("https://[fe80::1%eth0]/x", "zone"),
        ("https://[::1/x", "cannot be read"),
        ("https://::1/x", "port"),
        ("https://１２７.0.0.1/", "is no name"),
        ("https://[1.2.3.4]/", "no IPv6 address"),
        ("https://example.org:/x", "port"),
        ("https://example.org:0/x", "port"),
        ("https://example.org:65536/x", "port"),
        ("https://example.org:٤٤٣/x", "port"),
        ("https://example.org:443:80/x", "port"),
        ("https:///x", "is no name"),
        ("https://./x", "is no name"),
        ("https://example..org/x", "is no name"),
        ("https://example.org../x", "is no name"),
        ("https://exam%70le.org/x", "is no name"),
        ("https://-example.org/x", "is no name"),
        ("https://" + "a" * 64 + ".org/x", "is no name"),
        ("https://" + "a." * 127 + "org/x", "is no name"),
        ("https://\ufffe.org/", "is no name"),
        ("https://example.org/a b", "white space"),
        ("https://exam\tple.org/", "white space"),
        ("https://example.org/\r\nHost: x", "white space"),
        ("https://example.org/" + "a" * 8192, "the limit is 8192"),
    ],
)
def test_an_odd_url_is_refused(url: str, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        read_url(url)


_HOSTISH = st.text("01x.:[]@%-abf/\\?# é。", min_size=1, max_size=24)


@given(st.text() | st.builds("https://{}".format, _HOSTISH | st.text()))
def test_any_text_is_a_clean_place_or_unfit(url: str) -> None:
    try:
        place = read_url(url)
    except Unfit:
        return
    assert place.host.isascii()
    assert not set(place.host) & set("@/\\?#%[] ")
    assert place.target.startswith("/")
    assert place.target.isascii()
    assert all(" " < char < "\x7f" for char in place.target)
    assert read_url(place.url) == place
    try:
        address: IPv4Address | IPv6Address | None = ip_address(place.host)
    except ValueError:
        address = None
    assert place.address == address
    assert address is not None or not place.host.replace(".", "").isdigit()


def _allowed(url: str, *hosts: str, public: bool = False, http: bool = False) -> str:
    place: Place = read_url(url)
    try:
        Hosts(hosts).check(place, public=public, http=http)
    except Unfit as error:
        return str(error)
    return ""


def test_a_list_allows_what_it_names_alone() -> None:
    listed = ("example.org", "*.cdn.test", "10.0.0.7:8443", "[fd12::1]", "img.example:8080")
    for url in (
        "https://example.org/x",
        "https://EXAMPLE.ORG./x",
        "https://example.org:80/x",
        "https://a.cdn.test/x",
        "https://a.b.cdn.test/x",
        "https://10.0.0.7:8443/x",
        "https://[fd12:0::1]/x",
        "https://img.example:8080/x",
    ):
        assert _allowed(url, *listed) == "", url
    for url in (
        "https://www.example.org/x",
        "https://cdn.test/x",
        "https://evilcdn.test/x",
        "https://example.org.evil.test/x",
        "https://10.0.0.7/x",
        "https://10.0.0.8:8443/x",
        "https://example.org:8080/x",
        "https://img.example/x",
    ):
        assert "is not among fetch.hosts" in _allowed(url, *listed), url


def test_public_allows_names_of_the_internet_on_the_two_ports() -> None:
    assert _allowed("https://anything.example/x", public=True) == ""
    assert _allowed("https://anything.example:80/x", public=True) == ""
    assert "port 22" in _allowed("https://anything.example:22/x", public=True)
    assert _allowed("https://a.example:22/x", "a.example:22", public=True) == ""
    for name in ("localhost", "metadata", "metadata.google.internal", "nas.local", "x.localhost"):
        assert "no name of the public internet" in _allowed(f"https://{name}/x", public=True)
        assert _allowed(f"https://{name}/x", name, public=True) == ""


def test_http_is_refused_unless_set() -> None:
    assert "fetch.http is false" in _allowed("http://example.org/x", "example.org")
    assert _allowed("http://example.org/x", "example.org", http=True) == ""


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("https://example.org", "an entry is example.org"),
        ("example.org/x", "an entry is"),
        ("*", "an entry is"),
        ("*.*.org", "an entry is"),
        ("a*.org", "an entry is"),
        ("", "an entry is"),
        ("user@example.org", "an entry is"),
        ("*.10.0.0.1", "takes no *"),
        ("0x7f.1", "an entry is"),
        ("169.254.169.254", "never fetched from"),
        ("[fe80::1]", "never fetched from"),
        ("0.0.0.0", "never fetched from"),
    ],
)
def test_a_wrong_entry_is_refused_at_the_start(entry: str, why: str) -> None:
    with pytest.raises(ValueError, match="hosts: ") as refused:
        FetchSettings(policy="allowlist", hosts=(entry,))
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"policy": "allowlist"}, "the list is empty"),
        ({"hosts": ["example.org"]}, 'policy is "off" but hosts are listed'),
        ({"policy": "public", "seconds": 0}, "seconds is 0"),
        ({"policy": "public", "max_redirects": -1}, "max_redirects is -1"),
        ({"policy": "public", "allow_private": True}, "unknown field `allow_private`"),
    ],
)
def test_wrong_settings_are_refused(table: dict[str, object], why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        msgspec.convert(table, FetchSettings)
