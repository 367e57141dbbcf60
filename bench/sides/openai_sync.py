"""The ``openai`` package, synchronous: its typed events, pictures by the standard library."""

from __future__ import annotations

import base64

from bench.sides._side import Sink, main
from openai import OpenAI


def open_client(url: str) -> OpenAI:
    return OpenAI(base_url=url, api_key="sk-bench", max_retries=0)


def read(client: OpenAI, model: str, sink: Sink) -> int:
    count = 0
    with client.responses.create(model=model, input="x", stream=True) as stream:
        for event in stream:
            count += 1
            if event.type == "response.output_text.delta":
                sink.text.append(event.delta)
            elif event.type == "response.image_generation_call.partial_image":
                sink.image(base64.b64decode(event.partial_image_b64))
            elif (
                event.type == "response.output_item.done"
                and event.item.type == "image_generation_call"
                and event.item.result
            ):
                sink.image(base64.b64decode(event.item.result))
    return count


if __name__ == "__main__":
    main(open_client, read)
