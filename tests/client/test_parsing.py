"""Structured outputs over the wire, by every way in: what is asked, what comes back, what is
raised where it does not."""

from __future__ import annotations

from typing import Any

import msgspec
import pydantic
import pytest
from tests.client.scripted import Scripted, answer, stream
from tests.client.streams import message, response, text_events, wire
from tests.client.talking import TALKER, talking
from tests.client.ways import WAYS, client

from heliograph import errors, models
from heliograph.testing import Call, Say

pytestmark = pytest.mark.parametrize("way", WAYS)


class Fox(msgspec.Struct):
    """A fox."""

    name: str
    legs: int


class Hen(pydantic.BaseModel):
    eggs: int


ASK: dict[str, Any] = {"model": TALKER, "input": "Which fox?"}
SAID = '{"name": "Renard", "legs": 4}'


async def asked(way: str, url: str, kind: Any, how: str, **more: Any) -> Any:
    """The parsed response, whole or off a stream."""
    async with client(way, url) as heliograph:
        if how == "whole":
            return await heliograph.responses.parse(**ASK, text_format=kind, **more)
        async with heliograph.responses.stream(**ASK, text_format=kind, **more) as s:
            seen = [event.type async for event in s]
            assert seen[-1] in ("response.completed", "response.incomplete")
            return await s.get_final_response()


async def raised(kind: type[Exception], said: str, way: str, url: str, how: str) -> Any:
    """The error that asking for a Fox comes to."""
    with pytest.raises(kind, match=said) as caught:
        await asked(way, url, Fox, how)
    return caught.value


@pytest.mark.parametrize("how", ["whole", "stream"])
@pytest.mark.parametrize("wire", ["chat", "responses"])
async def test_a_type_is_asked_for_and_comes(way: str, wire: str, how: str) -> None:
    async with talking(Say(text=SAID), wire=wire) as here:
        got = await asked(way, here.url, Fox, how, text={"verbosity": "low"})
        (sent,) = here.fake.requests
    assert got.output_parsed == Fox("Renard", 4)
    assert isinstance(got, models.OpenResponsesResult)
    assert (got.status, got.output[0].content[0].text) == ("completed", SAID)
    body = sent.json()
    form = body["response_format"]["json_schema"] if wire == "chat" else body["text"]["format"]
    assert (form["name"], form["strict"]) == ("Fox", True)
    assert form["schema"] == {
        "title": "Fox",
        "description": "A fox.",
        "type": "object",
        "properties": {"name": {"type": "string"}, "legs": {"type": "integer"}},
        "required": ["name", "legs"],
        "additionalProperties": False,
    }
    assert (body["verbosity"] if wire == "chat" else body["text"]["verbosity"]) == "low"


@pytest.mark.parametrize("how", ["whole", "stream"])
async def test_a_pydantic_model_comes_as_such(way: str, how: str) -> None:
    async with talking(Say(text='{"eggs": 3}')) as here:
        got = await asked(way, here.url, Hen, how)
    assert got.output_parsed == Hen(eggs=3)


@pytest.mark.parametrize("how", ["whole", "stream"])
async def test_what_does_not_come_is_raised_with_the_response(way: str, how: str) -> None:
    for said, kind, text in (
        (Say(refusal="No foxes."), errors.Refused, "the model refused: No foxes."),
        (Say(text=SAID[:9], finish="length"), errors.IncompleteOutput, "incomplete: max_output"),
        (Say(text='{"name": 1}'), errors.UnfitOutput, "text_format: name: Expected `str`"),
        (Say(text="Renard"), errors.UnfitOutput, r"text_format: \$: JSON is malformed"),
    ):
        async with talking(said) as here:
            caught = await raised(kind, text, way, here.url, how)
        assert isinstance(caught, errors.OutputError)
        assert caught.response.id.startswith("resp_")
        assert isinstance(caught.response, models.OpenResponsesResult)
        if isinstance(caught, errors.UnfitOutput):
            assert caught.text == said.text
        if isinstance(caught, errors.Refused):
            assert caught.refusal == said.refusal


async def test_a_failed_response_says_why(way: str) -> None:
    failed = response("failed", error={"code": "server_error", "message": "out of film"})
    for status, body, said in (
        ("failed", failed, "the response is failed: out of film"),
        ("cancelled", response("cancelled"), "the response is cancelled"),
        ("queued", response("queued"), "the response is queued: retrieve it when it is done"),
        ("completed", response("completed"), "the response holds no text"),
    ):
        with Scripted(answer(body)) as server:
            caught = await raised(errors.IncompleteOutput, said, way, server.url, "whole")
        assert caught.response.status == status


@pytest.mark.parametrize("how", ["whole", "stream"])
async def test_a_turn_that_ends_in_a_call_has_no_text_yet(way: str, how: str) -> None:
    tool = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
    async with talking(Say(calls=(Call(name="look"),))) as here:
        got = await asked(way, here.url, Fox, how, tools=[tool])
    assert got.output[0].name == "look"
    with pytest.raises(errors.IncompleteOutput, match="no text") as caught:
        _ = got.output_parsed
    assert caught.value.response is got


async def test_the_answer_is_read_and_not_the_commentary(way: str) -> None:
    said = [{**message("Let me think."), "id": f"msg_{n}"} for n in range(3)]
    said[1] = {**message(SAID), "phase": "final_answer"}
    said[2]["phase"] = "commentary"
    with Scripted(answer(response("completed", said, seed=1.50))) as server:
        got = await asked(way, server.url, Fox, "whole")
    assert got.output_parsed == Fox("Renard", 4)
    assert b'"seed": 1.5' in models.encode(got)


async def test_what_the_caller_asked_twice_is_refused(way: str) -> None:
    with Scripted(answer({})) as server:
        for text in (
            {"format": {"type": "text"}},
            models.TextExtendedConfig(format=models.FormatTextConfig()),
        ):
            with pytest.raises(errors.UsageError, match=r"text\.format: stands beside text_format"):
                await asked(way, server.url, Fox, "whole", text=text)
        with pytest.raises(errors.UsageError, match=r"extra_body\.text: stands beside"):
            await asked(way, server.url, Fox, "stream", extra_body={"text": {}})
        with pytest.raises(errors.UsageError, match="text: is no object"):
            await asked(way, server.url, Fox, "stream", text="low")
        with pytest.raises(errors.UsageError, match="modle"):
            await asked(way, server.url, Fox, "whole", modle="m")
        assert server.seen == []


async def test_a_stream_of_a_type_is_a_stream(way: str) -> None:
    events = text_events(*SAID.partition(" "))
    with Scripted(stream(wire(events), x_request_id="req_9")) as server:
        async with (
            client(way, server.url) as heliograph,
            heliograph.responses.stream(**ASK, text_format=Fox) as s,
        ):
            got = [event.sequence_number async for event in s]
            assert got == list(range(len(events)))
            assert (s.response_id, s.request_id) == ("resp_1", "req_9")
            assert s.snapshot.output[0].content[0].text == SAID
            assert (await s.get_final_response()).output_parsed == Fox("Renard", 4)
        sent = server.seen[0].json
    assert sent["stream"] is True
    assert sent["text"]["format"]["type"] == "json_schema"
