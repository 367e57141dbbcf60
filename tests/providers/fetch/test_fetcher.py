"""Fetching: from a real server on loopback, under every limit, and never from a private place."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.providers.fetch.kit import PNG, Names, Web, answer, certificate, png, redirect, web

from heliograph import errors
from heliograph.providers.fetch import Fetcher, FetchSettings

NAME = "pictures.example"


def fetcher(here: Web | None = None, *, hook: Any = None, **told: Any) -> Fetcher:
    """One that may ask ``here`` by its address, or with ``hook`` by the names that it gives."""
    max_bytes = told.pop("max_picture_bytes", 100_000)
    pixels = told.pop("max_pixels", 10_000)
    hosts = tuple(told.pop("hosts", ())) + (() if here is None else (here.host,))
    told = {"policy": "allowlist", "http": True, "seconds": 5.0, **told}
    return Fetcher(
        FetchSettings(hosts=hosts, **told),
        max_picture_bytes=max_bytes,
        max_pixels=pixels,
        resolve=hook,
        allow_private=hook is not None and told["policy"] == "allowlist",
    )


async def get(one: Fetcher, *urls: str) -> list[bytes]:
    try:
        found = await one.pictures(
            [(f"input[0].content[{i}].image_url", u) for i, u in enumerate(urls)]
        )
        return [found[url] for url in urls]
    finally:
        one.close()


async def refused(one: Fetcher, *urls: str) -> errors.BadRequest:
    with pytest.raises(errors.BadRequest) as caught:
        await get(one, *urls)
    assert caught.value.status == 400
    assert caught.value.code == "invalid_image_url"
    assert str(caught.value).startswith(f"{caught.value.param}: ")
    return caught.value


async def test_a_picture_is_fetched_once_however_often_it_is_named() -> None:
    async with web() as here:
        here.pages["/a.png?x=1"] = answer(PNG)
        url = here.url("/a.png?x=1#part")
        assert await get(fetcher(here), url, url) == [PNG, PNG]
        [head] = here.asked
    lines = head.lower().split("\r\n")
    assert lines[0] == "get /a.png?x=1 http/1.1"
    assert f"host: {here.host}" in lines
    assert "accept-encoding: identity" in lines
    assert not any(line.startswith(("cookie:", "authorization:", "referer:")) for line in lines)


async def test_pictures_of_every_format_and_in_chunks() -> None:
    jpeg = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x02\x00\x02\x03" + b"\0" * 20
    webp = b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x01\0\0\x01\0\0" + b"\0" * 12
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    async with web() as here:
        here.pages |= {"/j": answer(jpeg), "/w": answer(webp), "/c": chunked % (len(PNG), PNG)}
        urls = [here.url(target) for target in ("/j", "/w", "/c")]
        assert await get(fetcher(here), *urls) == [jpeg, webp, PNG]


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (answer(b"", "404 Not Found"), "answered with HTTP 404"),
        (answer(b"", "500 Oops"), "answered with HTTP 500"),
        (answer(b"", "302 Found"), "answered with HTTP 302"),
        (answer(b"", "304 Not Modified"), "answered with HTTP 304"),
        (answer(b"<html>hello</html>"), "neither png nor jpeg nor webp"),
        (answer(b"GIF89a" + b"\0" * 40), "neither png nor jpeg nor webp"),
        (answer(b""), "neither png nor jpeg nor webp"),
        (answer(PNG, content_encoding="gzip"), "content coding"),
        (answer(png(200, 200)), "200x200 pixels; the limit max_image_pixels is 10000"),
        (answer(PNG + b"\0" * 100_000), "over max_picture_bytes, 100000 bytes"),
        (answer(b"", content_length="100001"), "over max_picture_bytes, 100000 bytes"),
        (answer(b"", content_length="9" * 5000), "could not be fetched"),
        (answer(PNG, content_length="9" * 20), "over max_picture_bytes"),
        (answer(PNG)[:-5], "could not be fetched"),
        (answer(PNG, content_length="7, 8"), "could not be fetched"),
        (b"SSH-2.0-OpenSSH\r\n", "could not be fetched"),
        (b"", "could not be fetched"),
        (redirect("/b") + b"x", "answered with HTTP 404"),
        (redirect("ftp://example.org/"), "redirects, and there: only https"),
        (redirect("http://[/"), "redirects to what is no URL"),
        (redirect("http://user@127.0.0.1/"), "redirects, and there: a URL with a user name"),
    ],
)
async def test_what_is_no_picture_is_refused_by_name(page: bytes, why: str) -> None:
    async with web() as here:
        here.pages["/a"] = page
        assert why in str(await refused(fetcher(here), here.url("/a")))


async def test_an_endless_body_ends_at_the_limit() -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + PNG.ljust(1024, b"\0") + b"\r\n")
            await writer.drain()

    async with web() as here:
        here.pages["/a"] = pour
        assert "over max_picture_bytes" in str(await refused(fetcher(here), here.url("/a")))


async def test_silence_ends_after_the_time_allowed_and_drops_of_bytes_do_not_stretch_it() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"\0")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with web() as here:
        here.pages["/a"] = drip
        began = asyncio.get_running_loop().time()
        said = str(await refused(fetcher(here, seconds=0.3), here.url("/a")))
        assert "within fetch.seconds, 0.3 s" in said
        assert asyncio.get_running_loop().time() - began < 3


async def test_a_name_that_is_never_found_ends_too() -> None:
    async def hang(host: str, port: int) -> Any:
        await asyncio.sleep(60)

    one = fetcher(hook=hang, hosts=[NAME], seconds=0.2)
    assert "within fetch.seconds" in str(await refused(one, f"https://{NAME}/"))


async def test_the_first_that_fails_is_named_and_ends_the_others() -> None:
    gone = asyncio.Event()

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n")
        try:
            while True:
                writer.write(b"\0")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    async with web() as here:
        here.pages["/slow"] = drip
        failed = await refused(fetcher(here), here.url("/slow"), here.url("/none"))
        assert failed.param == "input[0].content[1].image_url"
        if any("/slow" in head for head in here.asked):
            await asyncio.wait_for(gone.wait(), 5)


async def test_a_request_names_so_many_urls_and_so_many_bytes() -> None:
    async with web() as here:
        here.pages |= {f"/{i}": answer(PNG) for i in range(3)}
        urls = [here.url(f"/{i}") for i in range(3)]
        said = await refused(fetcher(here, max_pictures=2), *urls)
        assert said.param == "input[0].content[2].image_url"
        assert "the limit fetch.max_pictures is 2" in str(said)
        assert not here.asked
        one = fetcher(here, max_bytes=3 * len(PNG) - 1)
        assert "the limit fetch.max_bytes" in str(await refused(one, *urls))


async def test_only_so_many_are_fetched_at_once() -> None:
    now = most = 0

    async def slow(writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1
        writer.write(answer(PNG))
        await writer.drain()

    async with web() as here:
        here.pages |= {f"/{i}": slow for i in range(6)}
        one = fetcher(here, max_at_once=2)
        assert len(await get(one, *[here.url(f"/{i}") for i in range(6)])) == 6
    assert most == 2


async def test_who_waits_too_long_for_a_turn_is_told_to_come_back() -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.6)
        writer.write(answer(PNG))

    async with web() as here:
        here.pages |= {"/a": slow, "/b": slow, "/c": slow}
        one = fetcher(here, max_at_once=1, seconds=0.9)
        with pytest.raises(errors.ServerError) as caught:
            await get(one, here.url("/a"), here.url("/b"), here.url("/c"))
    assert (caught.value.status, caught.value.code) == (503, "fetch_busy")
    assert caught.value.param == "input[0].content[2].image_url"
    assert "fetch.max_at_once is 1" in str(caught.value)


async def test_redirects_are_followed_as_often_as_allowed() -> None:
    async with web() as here:
        here.pages |= {
            "/1": redirect("/2", "301 Moved"),
            "/2": redirect(here.url("/3"), "307 Temporary"),
            "/3": redirect("4?a b".replace(" ", "%20"), "308 Permanent"),
            "/4?a%20b": answer(PNG),
            "/loop": redirect("/loop"),
        }
        assert await get(fetcher(here), here.url("/1")) == [PNG]
        said = str(await refused(fetcher(here, max_redirects=2), here.url("/1")))
        assert "over 2 redirects, the limit fetch.max_redirects" in said
        here.asked.clear()
        await refused(fetcher(here), here.url("/loop"))
        assert len(here.asked) == 4


async def test_a_redirect_to_a_host_off_the_list_is_refused_before_it_is_asked() -> None:
    async with web() as here, web() as other:
        here.pages["/a"] = redirect(other.url("/secret"))
        other.pages["/secret"] = answer(PNG)
        said = str(await refused(fetcher(here), here.url("/a")))
        assert "redirects, and there: 127.0.0.1" in said
        assert not other.asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "168.63.129.16",
    ],
)
async def test_a_name_at_an_address_that_is_not_public_is_refused(address: str) -> None:
    names = Names(pictures_example=[[address]])
    for policy, hosts in (("public", ()), ("allowlist", (NAME,))):
        one = Fetcher(
            FetchSettings(policy=policy, hosts=hosts),
            max_picture_bytes=1000,
            max_pixels=1000,
            resolve=names,
        )
        said = str(await refused(one, f"https://{NAME}/"))
        assert "is at an address that is not public" in said
        assert address not in said


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "10.1.2.3", "169.254.169.254", "[::ffff:7f00:1]"]
)
async def test_an_address_that_is_not_public_is_refused_though_public_is_the_policy(
    host: str,
) -> None:
    one = Fetcher(FetchSettings(policy="public"), max_picture_bytes=1000, max_pixels=1000)
    assert "an address that is not public" in str(await refused(one, f"https://{host}/"))


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    names = Names(pictures_example=[["93.184.215.14", "127.0.0.1"]])
    one = fetcher(hook=names, policy="public")
    assert "not public" in str(await refused(one, f"https://{NAME}/"))


async def test_a_redirect_to_a_private_name_is_refused() -> None:
    """The first host is listed by its address; the second is a name that leads back to it."""
    async with web() as here:
        here.pages |= {"/a": redirect(here.url("/b", NAME)), "/b": answer(PNG)}
        names = Names(pictures_example=[["127.0.0.1"]])
        one = fetcher(here, hook=names, policy="public", hosts=[f"{NAME}:{here.port}"])
        assert "not public" in str(await refused(one, here.url("/a")))
        assert len(here.asked) == 1


async def test_a_name_is_looked_up_once_and_the_socket_goes_to_what_was_checked() -> None:
    """A rebinding name's second answer is never asked for."""
    async with web() as here:
        here.pages["/a"] = answer(PNG)
        names = Names(pictures_example=[["127.0.0.1"], ["127.0.0.99"]])
        one = fetcher(hook=names, hosts=[f"{NAME}:{here.port}"])
        assert await get(one, here.url("/a", NAME)) == [PNG]
        assert names.asked == [NAME]
        assert f"host: {NAME}:{here.port}" in here.asked[0].lower()


async def test_each_redirect_looks_the_name_up_and_checks_it_anew() -> None:
    async with web() as here:
        here.pages |= {"/a": redirect("/b"), "/b": answer(PNG)}
        names = Names(pictures_example=[["127.0.0.1"], ["127.0.0.1"]])
        one = fetcher(hook=names, hosts=[f"{NAME}:{here.port}"])
        assert await get(one, here.url("/a", NAME)) == [PNG]
        assert names.asked == [NAME, NAME]


async def test_tls_and_host_name_the_name_while_the_socket_goes_to_the_address(
    tmp_path: Path,
) -> None:
    server, client = certificate(tmp_path, NAME)
    async with web(server) as here:
        here.pages["/a"] = answer(PNG)
        hosts = (f"{NAME}:{here.port}", f"other.example:{here.port}")
        one = Fetcher(
            FetchSettings(policy="allowlist", hosts=hosts),
            max_picture_bytes=1000,
            max_pixels=1000,
            resolve=Names(pictures_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]]),
            tls=client,
            allow_private=True,
        )
        assert await get(one, here.url("/a", NAME + ".", "https")) == [PNG]
        assert here.names == [NAME]
        wrong = str(await refused(one, here.url("/a", "other.example", "https")))
        assert "could not be fetched from other.example" in wrong


async def test_the_second_address_is_tried_where_the_first_does_not_answer() -> None:
    async with web() as here:
        here.pages["/a"] = answer(PNG)
        names = Names(pictures_example=[["127.0.0.99", "127.0.0.1"]])
        one = fetcher(hook=names, hosts=[f"{NAME}:{here.port}"])
        assert await get(one, here.url("/a", NAME)) == [PNG]


async def test_a_name_that_is_not_known_and_a_port_that_is_shut() -> None:
    said = str(await refused(fetcher(hook=Names(), hosts=[NAME]), f"https://{NAME}/"))
    assert f"the host {NAME} cannot be found" in said
    async with web() as here:
        shut = here.url("/")
        one = fetcher(here)
    assert "could not be fetched from 127.0.0.1 (ConnectError)" in str(await refused(one, shut))


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with web() as here, web() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        here.pages["/a"] = answer(PNG)
        assert await get(fetcher(here), here.url("/a")) == [PNG]
        assert not proxy.asked
