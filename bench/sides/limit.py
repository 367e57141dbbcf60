"""The practical limit in Python: a socket, ``bytes.find`` of one byte, one msgspec union, SIMD
base64.

It knows this bench and nothing else: no errors, no limits, no unknown events, no snapshot, no
bytes kept. A real client can come near it and not pass it (on pictures it can, by cutting the
base64 out before JSON sees it).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pybase64
from bench.sides._side import Sink, main


class Event(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    sequence_number: int


class Created(Event, tag="response.created"):
    response: dict[str, Any]


class InProgress(Event, tag="response.in_progress"):
    response: dict[str, Any]


class Completed(Event, tag="response.completed"):
    response: dict[str, Any]


class Item(msgspec.Struct, tag_field="type", kw_only=True, gc=False):
    id: str
    status: str


class Message(Item, tag="message"):
    role: str
    content: list[dict[str, Any]]


class ImageCall(Item, tag="image_generation_call"):
    result: str | None


class ItemAdded(Event, tag="response.output_item.added"):
    output_index: int
    item: Message | ImageCall


class ItemDone(Event, tag="response.output_item.done"):
    output_index: int
    item: Message | ImageCall


class PartAdded(Event, tag="response.content_part.added"):
    item_id: str
    output_index: int
    content_index: int
    part: dict[str, Any]


class PartDone(Event, tag="response.content_part.done"):
    item_id: str
    output_index: int
    content_index: int
    part: dict[str, Any]


class TextDelta(Event, tag="response.output_text.delta"):
    item_id: str
    output_index: int
    content_index: int
    delta: str
    logprobs: list[Any]


class TextDone(Event, tag="response.output_text.done"):
    item_id: str
    output_index: int
    content_index: int
    text: str
    logprobs: list[Any]


class ImageInProgress(Event, tag="response.image_generation_call.in_progress"):
    item_id: str
    output_index: int


class ImageGenerating(Event, tag="response.image_generation_call.generating"):
    item_id: str
    output_index: int


class ImageCompleted(Event, tag="response.image_generation_call.completed"):
    item_id: str
    output_index: int


class ImagePartial(Event, tag="response.image_generation_call.partial_image"):
    item_id: str
    output_index: int
    partial_image_index: int
    partial_image_b64: str


UNION = (
    Created
    | InProgress
    | Completed
    | ItemAdded
    | ItemDone
    | PartAdded
    | PartDone
    | TextDelta
    | TextDone
    | ImageInProgress
    | ImageGenerating
    | ImageCompleted
    | ImagePartial
)


def frames(sock: socket.socket) -> Iterator[bytes]:
    """Each event's JSON: HTTP chunks off, then SSE off. One chunk holds one event here."""
    recv = sock.recv
    data = recv(262144)
    while (at := data.find(b"\r\n\r\n")) < 0:
        data += recv(262144)
    at += 4
    while True:
        line = data.find(b"\n", at)
        while line < 0:
            data = data[at:] + recv(262144)
            at = 0
            line = data.find(b"\n")
        size = int(data[at:line], 16)
        if not size:
            return
        start = line + 1
        end = start + size
        if end + 2 <= len(data):
            chunk, at = data[start:end], end + 2
        else:
            pieces = [data[start:]]
            missing = end + 2 - len(data)
            while missing > 0:
                piece = recv(262144)
                pieces.append(piece)
                missing -= len(piece)
            data = pieces[-1]
            at = len(data) + missing
            pieces[-1] = data[:at]
            chunk = b"".join(pieces)
        name = chunk.find(b"\n") if chunk.startswith(b"event") else -1
        yield chunk[name + 7 : chunk.find(b"\n", name + 7)]


def read(url: str, model: str, sink: Sink) -> int:
    decode = msgspec.json.Decoder(UNION).decode
    body = b'{"model":"%b","input":"x","stream":true}' % model.encode()
    where = urlsplit(url)
    assert where.hostname is not None
    count = 0
    with socket.create_connection((where.hostname, where.port)) as sock:
        sock.sendall(
            b"POST %b/responses HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%b"
            % (where.path.encode(), where.netloc.encode(), len(body), body)
        )
        stream = frames(sock)
        for data in stream:
            if data == b"[DONE]":
                break
            event = decode(data)
            count += 1
            if isinstance(event, TextDelta):
                sink.text.append(event.delta)
            elif isinstance(event, ImagePartial):
                sink.image(pybase64.b64decode(event.partial_image_b64, validate=True))
            elif isinstance(event, ItemDone) and isinstance(event.item, ImageCall):
                sink.image(pybase64.b64decode(event.item.result, validate=True))
    return count


if __name__ == "__main__":
    main(str, read)
