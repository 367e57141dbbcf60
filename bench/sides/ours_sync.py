"""Ours, synchronous, on httpx2: typed events, snapshot kept, pictures decoded."""

from __future__ import annotations

from bench.sides._side import Sink, main

from heliograph import Heliograph, models


def open_client(url: str) -> Heliograph:
    return Heliograph(base_url=url, api_key="sk-bench")


def read(client: Heliograph, model: str, sink: Sink) -> int:
    count = 0
    with client.responses.stream(model=model, input="x") as stream:
        for event in stream:
            count += 1
            match event:
                case models.TextDeltaEvent():
                    sink.text.append(event.delta)
                case models.ImageGenCallPartialImageEvent():
                    sink.image(event.image_bytes())
                case models.OutputItemDoneEvent(item=models.OutputImageGenerationCallItem() as x):
                    sink.image(x.image_bytes())
        assert stream.get_final_response().status == "completed"
    return count


if __name__ == "__main__":
    main(open_client, read)
