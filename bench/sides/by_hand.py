"""What a careful user might write on httpx2: the base64 cut out by hand before JSON sees it."""

from __future__ import annotations

import httpx2
import msgspec
import pybase64
from bench.sides._side import Sink, main
from bench.sides.limit import UNION, TextDelta

MARKS = (b'"partial_image_b64":"', b'"result":"')
PICTURE = (b'"response.image_generation_call.partial_image"', b'"response.output_item.done"')


def open_client(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, timeout=60)


def read(client: httpx2.Client, model: str, sink: Sink) -> int:
    decode = msgspec.json.Decoder(UNION).decode
    count = 0
    request = {"model": model, "input": "x", "stream": True}
    with client.stream("POST", "/responses", json=request) as response:
        pieces: list[bytes] = []
        for chunk in response.iter_raw():
            pieces.append(chunk)
            if not chunk.endswith(b"\n\n"):
                continue
            data = b"".join(pieces)
            pieces = []
            for block in data.split(b"\n\n")[:-1] if len(data) < 65536 else [data[:-2]]:
                payload = block[block.find(b"data: ") + 6 :]
                if payload == b"[DONE]":
                    return count
                count += 1
                if block.startswith(b"event: response.output_text.delta"):
                    event = decode(payload)
                    assert isinstance(event, TextDelta)
                    sink.text.append(event.delta)
                    continue
                if payload.startswith(b'{"type":"response.completed"'):
                    msgspec.json.decode(payload)
                    continue
                for mark in MARKS:
                    start = payload.find(mark, 0, 400)
                    if start > 0:
                        start += len(mark)
                        end = payload.find(b'"', start)
                        sink.image(
                            pybase64.b64decode(memoryview(payload)[start:end], validate=True)
                        )
                        payload = payload[:start] + payload[end:]
                        break
                decode(payload)
    return count


if __name__ == "__main__":
    main(open_client, read)
