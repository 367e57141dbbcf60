"""Each way in which storage fails is a sentence with the setting to change, after bounded time."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.providers.fetch.kit import certificate

from heliograph import errors
from heliograph.journal import MAX_BLOB_BYTES, S3Bucket, S3Login
from heliograph.journal._bucket import BucketFault
from heliograph.journal._s3 import _limits

KEYS = S3Login(access_key="a", secret_key="s")


class Answering:
    """Answers each request with the same bytes, or with none, and counts them."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.asked = 0
        self.serving: set[asyncio.Task[None]] = set()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._serve(reader, writer))
        self.serving.add(serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(65536):
                self.asked += 1
                if self.answer is None:
                    await reader.read()
                    return
                writer.write(self.answer)
                await writer.drain()
                if b"close" in self.answer:
                    return
        except ConnectionError:
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()


@asynccontextmanager
async def answering(
    answer: bytes | None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Answering, str]]:
    served = Answering(answer)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=tls)
    scheme, host = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
    try:
        yield served, f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for serving in served.serving:
            serving.cancel()
        await asyncio.gather(*served.serving, return_exceptions=True)


def reply(status: str, code: str = "", body: bytes = b"") -> bytes:
    if code:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


async def opened(url: str, patience: float = 0.2, **more: object) -> S3Bucket:
    options = {"endpoint": url, "region": "r", "login": KEYS, "patience": patience, **more}
    bucket = S3Bucket("bucket", prefix="p", **options)  # type: ignore[arg-type]
    await bucket.open()
    return bucket


@pytest.mark.parametrize(
    ("answer", "says", "away"),
    [
        (reply("403 Forbidden", "RequestTimeTooSkewed"), "clock is too far .* NTP", False),
        (reply("403 Forbidden", "ExpiredToken"), "renew AWS_SESSION_TOKEN", False),
        (reply("400 Bad", "AuthorizationHeaderMalformed"), r"set journal\.blobs\.region", False),
        (reply("404 Not Found", body=b"<html>"), r"no S3; set journal\.blobs\.endpoint", False),
        (reply("403 Forbidden"), "may not get; allow it s3:GetObject", False),
        (reply("503 Slow Down", "SlowDown"), "answers with 503 SlowDown", True),
        (reply("500 Internal Server Error"), "answers with 500", True),
    ],
)
async def test_what_the_storage_answers(answer: bytes, says: str, away: bool) -> None:
    async with answering(answer) as (served, url):
        bucket = await opened(url)
        with pytest.raises(BucketFault, match=says) as told:
            await bucket.get("one")
        assert str(told.value).startswith(f"s3://bucket/p at {url}: ")
        assert told.value.away is away
        assert (served.asked > 1) is away, "only what may pass is tried again"


Call = Callable[[S3Bucket], Awaitable[object]]
CALLS: list[Call] = [
    lambda bucket: bucket.put("one", b"x"),
    lambda bucket: bucket.get("one"),
    lambda bucket: bucket.stat("one"),
    lambda bucket: bucket.delete("one"),
]


@pytest.mark.parametrize("call", CALLS)
async def test_silence_is_bounded(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_limits, "SILENCE_SECONDS", 0.3)
    async with answering(None) as (_, url):
        bucket = await opened(url)
        began = time.monotonic()
        with pytest.raises(BucketFault, match="no answer, it is silent") as told:
            await call(bucket)
    assert told.value.away
    assert time.monotonic() - began < _limits.REQUEST_SECONDS / 2


@pytest.mark.parametrize("call", CALLS)
async def test_nobody_is_there(call: Call) -> None:
    bucket = await opened("http://127.0.0.1:1")
    with pytest.raises(BucketFault, match=r"nothing listens there; .* journal\.blobs\.endpoint"):
        await call(bucket)


async def test_an_answer_that_breaks_off_is_an_error() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n"
    dated = b'Last-Modified: Tue, 21 Oct 2025 07:28:00 GMT\r\nETag: "x"\r\n\r\n'
    async with answering(head + dated + b"hello") as (_, url):
        bucket = await opened(url)
        with pytest.raises(BucketFault):
            await bucket.get("one")


async def test_an_object_too_large_for_a_blob_is_not_read() -> None:
    head = b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "x"\r\n' % (MAX_BLOB_BYTES + 1)
    async with answering(head + b"Last-Modified: Tue, 21 Oct 2025 07:28:00 GMT\r\n\r\n") as (
        _,
        url,
    ):
        bucket = await opened(url)
        with pytest.raises(BucketFault, match=r"more than any blob \(MAX_BLOB_BYTES is"):
            await bucket.get("one")


async def test_no_key_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")  # not a cloud's machine
    bucket = await opened("http://127.0.0.1:1", login=None)
    with pytest.raises(BucketFault, match="there is no access key; set AWS_ACCESS_KEY_ID") as told:
        await bucket.get("one")
    assert not told.value.away


async def test_a_certificate_must_be_trusted(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path, "localhost")
    async with answering(reply("404 Not Found", "NoSuchKey"), tls) as (_, url):
        with pytest.raises(BucketFault, match=r"not trusted: set journal\.blobs\.ca"):
            await (await opened(url)).get("one")
        trusted = await opened(url, ca=tmp_path / "ca.pem")
        assert await trusted.stat("one") is None


async def test_plain_http_where_tls_was_asked_for() -> None:
    async with answering(reply("200 OK")) as (_, url):
        with pytest.raises(BucketFault, match="speaks no TLS: http:// instead of https://"):
            await (await opened(url.replace("http:", "https:"))).get("one")


async def test_a_file_of_certificates_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match=r"journal\.blobs: .*missing\.pem"):
        await opened("https://127.0.0.1:1", ca=tmp_path / "missing.pem")
