"""The ``openrouter`` package, synchronous: its typed events, pictures decoded likewise."""

from __future__ import annotations

import base64

from bench.sides._side import Sink, main
from openrouter import OpenRouter


def open_client(url: str) -> OpenRouter:
    return OpenRouter(api_key="sk-bench", server_url=url)


def read(client: OpenRouter, model: str, sink: Sink) -> int:
    count = 0
    with client.responses.send(model=model, input="x", stream=True) as stream:
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
