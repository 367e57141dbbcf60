"""Typed uses of the clients: type checkers read this file, nobody runs it."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from heliograph import (
    APIError,
    AsyncHeliograph,
    Heliograph,
    InvalidEvent,
    NoPicture,
    Picture,
    Retries,
    StreamInterrupted,
    Timeout,
    draw,
    models,
)
from heliograph.client import (
    AsyncConnection,
    AsyncImageStream,
    AsyncResponseStream,
    Connection,
    ImageStream,
    ResponseStream,
)

TOOL = models.ImageGenerationServerTool(partial_images=2)


def whole(client: Heliograph) -> bytes:
    """`create` without `stream` gives a response."""
    response = client.responses.create(
        model="heliograph/direct", input="a red fox under the moon", tools=[TOOL]
    )
    assert_type(response, models.OpenResponsesResult)
    for item in response.output:
        if isinstance(item, models.OutputImageGenerationCallItem):
            return item.image_bytes()
    return b""


def as_it_comes(client: Heliograph) -> models.OpenResponsesResult:
    """`create` with `stream=True` and `stream` give typed events."""
    stream = client.responses.create(
        model="heliograph/direct",
        input="a red fox",
        tools=[{"type": "image_generation"}],
        stream=True,
    )
    assert_type(stream, ResponseStream[models.StreamEvent])
    for event in stream:
        assert_type(event, models.StreamEvent)
    with client.responses.stream(model="heliograph/direct", input="a red fox") as opened:
        for event in opened:
            match event:
                case models.ImageGenCallPartialImageEvent():
                    assert_type(event.partial_image_index, int)
                    assert_type(event.image_bytes(), bytes)
                case _:
                    pass
        assert_type(opened.response_id, str | None)
        assert_type(opened.last_sequence, int | None)
        assert_type(opened.snapshot, models.OpenResponsesResult | None)
        return opened.get_final_response()


def those_that_do_not_fit(client: Heliograph) -> None:
    """With `invalid="give"` an event may be the error instead."""
    with client.responses.stream(input="a red fox", invalid="give") as stream:
        for event in stream:
            assert_type(event, models.StreamEvent | InvalidEvent)
            if isinstance(event, InvalidEvent):
                assert_type(event.field, str)


def again(client: Heliograph, response_id: str) -> None:
    """`retrieve` gives the response, or its events after one."""
    assert_type(client.responses.retrieve(response_id), models.OpenResponsesResult)
    stream = client.responses.retrieve(response_id, stream=True, starting_after=7)
    assert_type(stream, ResponseStream[models.StreamEvent])
    client.responses.retrieve(response_id, starting_after=7)  # type: ignore[call-overload]
    resumed = client.responses.resume(response_id, starting_after=7)
    assert_type(resumed, ResponseStream[models.StreamEvent])
    assert_type(client.responses.cancel(response_id), models.OpenResponsesResult)
    assert_type(client.responses.input_items(response_id, limit=5), models.InputItemList)


def policies() -> None:
    """What is tried again is the caller's choice."""
    Heliograph(retries=Retries(attempts=8, repeat="always"))
    Heliograph(retries=Retries.off())
    Heliograph(retries=None)
    Retries(repeat="maybe")  # type: ignore[arg-type]


def settings(client: Heliograph) -> None:
    """Dialects by name, what is read, and other views of a client."""

    def tell(event: models.UnknownEvent) -> None:
        assert_type(event.type, str)

    Heliograph(dialect="openrouter", strict=True, unknown="skip", on_unknown=tell)
    assert_type(client.with_options(strict="openai,no-sequence", timeout=3), Heliograph)
    client.with_options(on_unknown=None, retries=None, headers={"X-Title": "t"})
    Heliograph(dialect="klingon")  # type: ignore[arg-type]
    Heliograph(on_unknown=len)  # type: ignore[arg-type]
    client.with_options(base_url="http://h")  # type: ignore[call-arg]


def turns(client: Heliograph) -> None:
    """A WebSocket's turns give what streams give."""
    with client.responses.connect(ssl=None, proxy=None) as connection:
        assert_type(connection, Connection)
        first = connection.create(input="a red fox", store=False, generate=True)
        assert_type(first, models.OpenResponsesResult)
        with connection.stream(input="at night", previous_response_id=first.id) as stream:
            assert_type(stream, ResponseStream[models.StreamEvent])
            for event in stream:
                assert_type(event, models.StreamEvent)
        connection.create(inputs="a red fox")  # type: ignore[call-arg]


async def turns_awaited(client: AsyncHeliograph) -> None:
    """The same, awaited."""
    async with client.with_options(strict=True).responses.connect() as connection:
        assert_type(connection, AsyncConnection)
        assert_type(await connection.create(input="a red fox"), models.OpenResponsesResult)
        async with connection.stream(input="at night") as stream:
            assert_type(stream, AsyncResponseStream[models.StreamEvent])


def failures(client: Heliograph) -> str | None:
    """Errors say what they know."""
    try:
        client.responses.create(input="")
    except APIError as error:
        assert_type(error.status, int)
        return error.param
    except StreamInterrupted as error:
        assert_type(error.last_sequence, int | None)
        assert_type(error.advice, str)
        return error.response_id
    return None


def mistakes(client: Heliograph) -> None:
    """What a type checker must refuse."""
    client.responses.create(inputs="a red fox")  # type: ignore[call-overload]
    client.responses.create(input=1)  # type: ignore[call-overload]


def pictures(client: Heliograph) -> None:
    """Pictures are one type, wherever they come from."""
    picture = draw("a red fox", size="512x512", on_frame=lambda frame: print(frame.index))
    assert_type(picture, Picture)
    assert_type(client.draw("a red fox", model="m", seed=4), Picture)
    client.draw("a red fox", sized="1x1")  # type: ignore[call-arg]
    assert_type(picture.bytes, bytes)
    assert_type(picture.format, str | None)
    assert_type(picture.save("fox"), Path)
    picture.to_pil().resize((8, 8))
    with client.responses.stream(input="a red fox") as stream:
        for frame in stream.images():
            assert_type(frame, Picture)
            assert_type(frame.index, int | None)
        assert_type(stream.save_images(Path("out"), previews=True), list[Path])
        assert_type(stream.get_final_response().images, list[Picture])


def image_apis(client: Heliograph) -> None:
    """Whole answers and streams of the Images APIs."""
    answer = client.images.generate("a red fox", n=2, quality="high")
    assert_type(answer, models.ImagesResponse | models.ImageGenerationResponse)
    assert_type(answer.images, list[Picture])
    stream = client.images.edit(
        [b"", Path("fox.png"), answer.images[0]], "at night", mask="mask.png", stream=True
    )
    assert_type(stream, ImageStream)
    for event in stream:
        assert_type(event, models.ImageStreamEvent)
    assert_type(client.images.fetch(answer.images[0]), Picture)
    client.images.edit(b"", "at night", moderation="low")  # type: ignore[call-overload]
    client.images.generate("a red fox", n="two")  # type: ignore[call-overload]


def no_picture(client: Heliograph) -> str | None:
    """The error has the response."""
    try:
        client.draw("a red fox")
    except NoPicture as error:
        return str(error.response.status)
    return None


async def asynchronous_pictures(client: AsyncHeliograph) -> None:
    """The same, awaited."""
    assert_type(await client.draw("a red fox"), Picture)
    async with client.responses.stream(input="a red fox") as stream:
        async for frame in stream.images():
            assert_type(frame, Picture)
        assert_type(await stream.save_images("out"), list[Path])
    images = await client.images.generate("a red fox", stream=True)
    assert_type(images, AsyncImageStream)
    async for picture in images.images():
        assert_type(picture, Picture)
    assert_type(
        await client.images.edit(b"", "at night"),
        models.ImagesResponse | models.ImageGenerationResponse,
    )


async def asynchronous() -> bytes:
    """The same, awaited."""
    async with AsyncHeliograph(base_url="http://127.0.0.1:8790/v1", timeout=Timeout()) as client:
        response = await client.responses.create(input="a red fox", store=True)
        assert_type(response, models.OpenResponsesResult)
        stream = await client.responses.create(input="a red fox", stream=True)
        assert_type(stream, AsyncResponseStream[models.StreamEvent])
        async for event in stream:
            if event.type == "response.image_generation_call.partial_image":
                assert isinstance(event, models.ImageGenCallPartialImageEvent)
        async with client.responses.stream(input="a red fox") as opened:
            async for event in opened:
                if isinstance(event, models.ImageGenCallPartialImageEvent):
                    return event.image_bytes()
            assert_type(await opened.get_final_response(), models.OpenResponsesResult)
    return b""
