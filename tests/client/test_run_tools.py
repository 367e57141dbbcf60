"""Runs of several turns against a real server: who is told what, what is run, and how often."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import msgspec
import pytest
from tests.client.chaos import Chaos
from tests.client.talking import TALKER, Talking, talking
from tests.client.ways import WAYS, client

from heliograph import AsyncHeliograph, Heliograph, Retries, errors, models
from heliograph.client import custom_tool, function_tool
from heliograph.testing import Call, Received, Say

ways = pytest.mark.parametrize("way", WAYS)


class Clerk:
    """Functions that keep count."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.look = function_tool(self._look, name="look")
        self.fail = function_tool(self._fail, name="fail")

    def _look(self, window: str) -> dict[str, str]:
        """Looks out of a window."""
        self.asked.append(window)
        return {"seen": f"a fox to the {window}"}

    def _fail(self, reason: str) -> str:
        """Fails."""
        self.asked.append(reason)
        raise LookupError(reason)


def look(window: str = "north", call_id: str = "call_1") -> Call:
    return Call(name="look", arguments=json.dumps({"window": window}), id=call_id)


ASK: dict[str, Any] = {"model": TALKER, "input": "What is outside?"}
TWO = (Say(text="Let me see.", calls=(look(),)), Say(text="A fox."))
FOX = '{"seen":"a fox to the north"}'


def text_of(response: models.OpenResponsesResult) -> str:
    item = response.output[-1]
    assert isinstance(item, models.OutputMessageItem)
    return "".join(
        part.text for part in item.content if isinstance(part, models.ResponseOutputText)
    )


async def run(way: str, here: Talking, *tools: Any, **more: Any) -> Any:
    async with client(way, here.url) as heliograph:
        return await heliograph.responses.run_tools(**{**ASK, "tools": list(tools), **more})


@ways
@pytest.mark.parametrize("wire", ["chat", "responses"])
@pytest.mark.parametrize("store", [None, True, False])
async def test_a_function_is_run_and_its_output_told(
    way: str, wire: str, store: bool | None
) -> None:
    clerk = Clerk()
    more = {} if store is None else {"store": store}
    async with talking(*TWO, wire=wire) as here:
        response = await run(way, here, clerk.look, instructions="Be brief.", **more)
        first, second = (request.json() for request in here.fake.requests)
    assert (response.status, text_of(response), clerk.asked) == ("completed", "A fox.", ["north"])
    assert (response.previous_response_id is None) == (store is False)
    said = second["messages" if wire == "chat" else "input"]
    outputs = [one for one in said if "call_1" in (one.get("tool_call_id"), one.get("call_id"))]
    assert FOX in (outputs[-1].get("content"), outputs[-1].get("output"))
    for body in (first, second):
        assert json.dumps(body).count(ASK["input"]) == 1
        assert json.dumps(body).count("Be brief.") == 1
        assert len(body["tools"]) == 1


@ways
async def test_every_event_of_every_turn_comes(way: str) -> None:
    clerk = Clerk()
    async with talking(*TWO) as here, client(way, here.url) as heliograph:
        it = await heliograph.responses.run_tools(**ASK, tools=[clerk.look], stream=True)
        assert (it.turn, it.stream) == (1, None)
        ids: list[str] = []
        types: list[str] = []
        async with it:
            async for event in it:
                types.append(event.type)
                if event.type == "response.created":
                    ids.append(event.response.id)
                    assert clerk.asked == ([] if len(ids) == 1 else ["north"])
                    assert it.stream.response_id == ids[-1]
                    assert it.turn == len(ids)
            final = await it.get_final_response()
        turns = " ".join(types).split("response.created")[1:]
    assert [turn.split()[-1] for turn in turns] == ["response.completed"] * 2
    assert "response.function_call_arguments.done" in turns[0]
    assert "response.output_text.delta" in turns[1]
    assert len(set(ids)) == 2
    assert (final.id, final.previous_response_id) == (ids[1], ids[0])


@ways
async def test_a_server_that_says_it_stored_nothing_is_sent_all_items(way: str) -> None:
    clerk = Clerk()
    said = (Say(reasoning="Hm.", text="I see.", calls=(look(),)), Say(text="A fox."))
    async with talking(*said) as here, client(way, here.fake.base_url) as heliograph:
        response = await heliograph.responses.run_tools(
            **ASK, tools=[clerk.look], extra_headers={"Idempotency-Key": "mine"}
        )
        first, second = here.fake.requests
    assert (text_of(response), clerk.asked) == ("A fox.", ["north"])
    asked, then = first.json(), second.json()
    assert asked["input"] == ASK["input"]
    assert "previous_response_id" not in then
    user, thought, words, call, output = then["input"]
    assert user == {"type": "message", "role": "user", "content": ASK["input"]}
    assert thought["content"] == [{"type": "reasoning_text", "text": "Hm."}]
    assert words["content"][0]["text"] == "I see."
    assert (call["type"], call["call_id"]) == ("function_call", "call_1")
    assert output == {"type": "function_call_output", "output": FOX, "call_id": "call_1"}
    assert "include" not in asked
    assert then["include"] == ["reasoning.encrypted_content"]
    keys = [request.headers["idempotency-key"] for request in (first, second)]
    assert keys == ["mine", "mine-2"]


@ways
async def test_calls_of_one_turn_are_answered_in_order(way: str) -> None:
    clerk = Clerk()
    calls = tuple(look(window, f"call_{window}") for window in ("north", "east", "south"))
    async with talking(Say(calls=calls), Say(text="Foxes.")) as here:
        await run(way, here, clerk.look)
        told = here.told(1)
    assert sorted(clerk.asked) == ["east", "north", "south"]
    assert list(told) == ["call_north", "call_east", "call_south"]
    assert told["call_east"] == '{"seen":"a fox to the east"}'


@ways
async def test_what_goes_wrong_is_told_to_the_model(way: str) -> None:
    clerk = Clerk()
    calls = (
        Call(name="fail", arguments='{"reason": "no light"}', id="a"),
        Call(name="look", arguments='{"window": 5}', id="b"),
        Call(name="look", arguments='{"window": "no', id="c"),
        look("west", "d"),
    )
    async with talking(Say(calls=calls), Say(text="So be it.")) as here:
        response = await run(way, here, clerk.look, clerk.fail)
        told = here.told(1)
    assert text_of(response) == "So be it."
    assert told["a"] == "error: LookupError: no light"
    assert told["b"] == "error: wrong arguments: window: Expected `str`, got `int`"
    assert told["c"].startswith("error: wrong arguments: arguments: no JSON object")
    assert told["d"] == '{"seen":"a fox to the west"}'


@ways
async def test_a_function_that_does_not_exist_is_told_of(way: str) -> None:
    """Straight from a model: our server would not let a call pass that was not offered."""
    clerk = Clerk()
    said = (Say(calls=(Call(name="peek", id="e"),)), Say(text="So be it."))
    async with talking(*said) as here, client(way, here.fake.base_url) as heliograph:
        response = await heliograph.responses.run_tools(**ASK, tools=[clerk.look])
        output = here.fake.requests[1].json()["input"][-1]
    assert text_of(response) == "So be it."
    assert output["output"] == "error: no such tool: peek; there are: look"


@ways
async def test_a_functions_error_is_raised_where_the_caller_wants_it(way: str) -> None:
    clerk = Clerk()
    calls = (Call(name="fail", arguments='{"reason": "no light"}', id="a"),)
    async with talking(Say(calls=calls)) as here:
        with pytest.raises(errors.ToolFailed, match="fail: LookupError: no light") as caught:
            await run(way, here, clerk.fail, tool_errors="raise")
        assert len(here.fake.requests) == 1
    assert isinstance(caught.value.__cause__, LookupError)
    assert caught.value.call.call_id == "a"
    assert caught.value.response.status == "completed"


@ways
async def test_max_turns_ends_a_run_that_does_not(way: str) -> None:
    clerk = Clerk()
    async with talking(Say(calls=(look(),))) as here:
        with pytest.raises(errors.TooManyTurns, match=r"max_turns \(3\)") as caught:
            await run(way, here, clerk.look, max_turns=3)
        assert len(here.fake.requests) == 3
    assert clerk.asked == ["north"] * 2, "what nobody will be told is not run"
    assert caught.value.max_turns == 3
    assert caught.value.response.output[-1].name == "look"


@ways
@pytest.mark.parametrize("wire", ["chat", "responses"])
async def test_custom_tools_are_run_as_well(way: str, wire: str) -> None:
    @custom_tool
    def shout(text: str) -> str:
        """Says it louder."""
        return text.upper()

    arguments = '{"input": "hey, you"}' if wire == "chat" else "hey, you"
    call = Call(name="shout", arguments=arguments, id="s", custom=wire == "responses")
    async with talking(Say(calls=(call,)), Say(text="Loud.")) as here:
        url = here.url if wire == "chat" else here.fake.base_url
        async with client(way, url) as heliograph:
            response = await heliograph.responses.run_tools(**ASK, tools=[shout])
        body = here.fake.requests[1].json()
    assert text_of(response) == "Loud."
    if wire == "chat":
        assert here.told(1) == {"s": "HEY, YOU"}
    else:
        assert body["tools"] == [
            {"type": "custom", "name": "shout", "description": "Says it louder."}
        ]
        assert body["input"][-1] == {
            "type": "custom_tool_call_output",
            "call_id": "s",
            "output": "HEY, YOU",
        }


@ways
@pytest.mark.parametrize("store", [True, False])
async def test_hosted_pictures_are_made_in_the_same_run(way: str, store: bool) -> None:
    clerk = Clerk()

    def paint(request: Received) -> Say:
        (name,) = [
            tool["function"]["name"]
            for tool in request.json()["tools"]
            if tool["function"]["name"] != "look"
        ]
        arguments = json.dumps({"prompt": "a fox to the north"})
        return Say(calls=(Call(name=name, arguments=arguments, id="paint"),))

    script = (paint, Say(text="Now look.", calls=(look(),)), Say(text="There it is."))
    async with talking(*script) as here, client(way, here.url) as heliograph:
        it = await heliograph.responses.run_tools(
            **ASK,
            tools=[clerk.look, {"type": "image_generation", "partial_images": 2}],
            store=store,
            stream=True,
        )
        async with it:
            types = [event.type async for event in it]
            final = await it.get_final_response()
        shown = here.told(2)
    kind = "response.image_generation_call"
    assert types.count(f"{kind}.partial_image") == 2
    assert types.count(f"{kind}.completed") == 1
    assert types.count("response.completed") == 2
    assert text_of(final) == "There it is."
    assert clerk.asked == ["north"]
    assert shown["call_1"] == FOX


@ways
async def test_a_forced_choice_is_for_the_first_turn(way: str) -> None:
    clerk = Clerk()
    async with talking(*TWO) as here:
        response = await run(way, here, clerk.look, tool_choice="required")
        choices = [request.json().get("tool_choice") for request in here.fake.requests]
    assert text_of(response) == "A fox."
    assert choices[0] == "required"
    assert choices[1] in (None, "auto")


@ways
async def test_a_tool_without_a_function_hands_the_run_back(way: str) -> None:
    clerk = Clerk()
    theirs = models.FunctionTool(name="pay", parameters={"type": "object", "properties": {}})
    calls = (look(), Call(name="pay", id="p"))
    async with talking(Say(calls=calls)) as here:
        response = await run(way, here, clerk.look, theirs)
        assert len(here.fake.requests) == 1
    assert clerk.asked == []
    assert [item.name for item in response.output] == ["look", "pay"]


@ways
async def test_a_response_that_is_cut_short_ends_the_run(way: str) -> None:
    clerk = Clerk()
    async with talking(Say(text="Let me", calls=(look(),), finish="length")) as here:
        response = await run(way, here, clerk.look)
    assert response.status == "incomplete"
    assert clerk.asked == []


class Sight(msgspec.Struct):
    what: str


@ways
async def test_the_last_turn_may_be_typed(way: str) -> None:
    clerk = Clerk()
    async with talking(Say(calls=(look(),)), Say(text='{"what": "fox"}')) as here:
        response = await run(way, here, clerk.look, text_format=Sight)
        forms = [request.json()["response_format"]["type"] for request in here.fake.requests]
    assert response.output_parsed == Sight("fox")
    assert forms == ["json_schema"] * 2


@ways
async def test_a_run_that_is_left_runs_nothing_more(way: str) -> None:
    clerk = Clerk()
    async with talking(*TWO) as here, client(way, here.url) as heliograph:
        it = await heliograph.responses.run_tools(**ASK, tools=[clerk.look], stream=True)
        async with it:
            async for event in it:
                if event.type == "response.output_item.done":
                    break
        with pytest.raises(errors.UsageError, match="did not come to its end"):
            await it.get_final_response()
    assert clerk.asked == []


# -- over connections that break --------------------------------------------------------------


@ways
async def test_a_cut_in_the_middle_runs_no_function_twice(way: str) -> None:
    quick = Retries(attempts=60, wait_first=0.001, wait_most=0.01, stall_least=0.5)
    clerk = Clerk()

    def play(request: Received) -> Say:
        """Looks out of four windows, one after another, then speaks at length."""
        told = [m for m in request.json()["messages"] if m["role"] == "tool"]
        if len(told) < 4:
            words = f"{len(told)} so far. " * 20
            return Say(text=words, calls=(look(str(len(told)), f"call_{len(told)}"),))
        return Say(text="Foxes everywhere. " * 40)

    async with talking(play) as here:
        port = int(here.server.url.rpartition(":")[2])
        with Chaos(port, seed=7) as chaos:
            for _ in range(2):
                clerk.asked.clear()
                async with client(way, chaos.url, retries=quick, timeout=0.6) as heliograph:
                    it = await heliograph.responses.run_tools(
                        **ASK, tools=[clerk.look], stream=True
                    )
                    async with it:
                        seen = [event.sequence_number async for event in it]
                        final = await it.get_final_response()
                assert clerk.asked == ["0", "1", "2", "3"]
                starts = [at for at, number in enumerate(seen) if number == 0]
                assert len(starts) == 5
                for start, end in zip(starts, [*starts[1:], len(seen)], strict=True):
                    assert seen[start:end] == list(range(end - start))
                assert text_of(final) == "Foxes everywhere. " * 40
            assert chaos.cuts + chaos.stalls > 5


@ways
async def test_where_nothing_is_stored_a_run_goes_on_from_its_last_request(way: str) -> None:
    clerk = Clerk()
    async with talking(*TWO) as here, client(way, here.fake.base_url) as heliograph:
        it = await heliograph.responses.run_tools(**ASK, tools=[clerk.look], stream=True)
        async with it:
            async for event in it:
                if event.type == "response.completed":
                    here.fake.set(cut=2, times=1)
                    break
            with pytest.raises(errors.StreamInterrupted):
                await it.get_final_response()
        response = await heliograph.responses.run_tools(**it.request)
        asked = [request.json()["input"] for request in here.fake.requests]
    assert text_of(response) == "A fox."
    assert clerk.asked == ["north"]
    assert asked[1] == asked[2]


# -- each shell's own -------------------------------------------------------------------------


async def test_asynchronous_functions_run_side_by_side() -> None:
    both = asyncio.Barrier(2)
    met = threading.Barrier(2, timeout=10)

    @function_tool
    async def one() -> str:
        await asyncio.wait_for(both.wait(), 10)
        return "1"

    @function_tool
    async def two() -> str:
        await asyncio.wait_for(both.wait(), 10)
        return "2"

    @function_tool
    def three() -> int:
        return 3 + 0 * met.wait()

    @function_tool
    def four() -> Any:
        async def late() -> int:
            return 4 + 0 * await asyncio.to_thread(met.wait)

        return late()

    calls = tuple(Call(name=name, id=name) for name in ("one", "two", "three", "four"))
    async with talking(Say(calls=calls), Say(text="All.")) as here:
        async with AsyncHeliograph("any", here.url) as heliograph:
            await heliograph.responses.run_tools(**ASK, tools=[one, two, three, four])
        assert here.told(1) == {"one": "1", "two": "2", "three": "3", "four": "4"}


async def test_one_that_raises_stops_the_others() -> None:
    stopped = asyncio.Event()

    @function_tool
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    @function_tool
    async def bad() -> None:
        await asyncio.sleep(0.01)
        raise OSError("disk")

    calls = (Call(name="slow", id="s"), Call(name="bad", id="b"))
    async with talking(Say(calls=calls)) as here, AsyncHeliograph("any", here.url) as heliograph:
        started = time.monotonic()
        with pytest.raises(errors.ToolFailed, match="bad: OSError: disk"):
            await heliograph.responses.run_tools(**ASK, tools=[slow, bad], tool_errors="raise")
        assert time.monotonic() - started < 30
    assert stopped.is_set()


async def test_the_synchronous_client_refuses_what_it_cannot_await() -> None:
    @function_tool
    async def later() -> None: ...

    @function_tool
    def hidden() -> Any:
        return later()

    async with talking(Say(calls=(Call(name="hidden", id="h"),)), Say(text="So.")) as here:

        def lead() -> None:
            with Heliograph("any", here.url) as heliograph:
                with pytest.raises(errors.UsageError, match="later is async; AsyncHeliograph"):
                    heliograph.responses.run_tools(**ASK, tools=[later])
                assert here.fake.requests == []
                heliograph.responses.run_tools(**ASK, tools=[hidden])

        await asyncio.to_thread(lead)
        assert "AsyncHeliograph does" in here.told(1)["h"]


# -- over a WebSocket -------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["sync", "async-httpx2"])
@pytest.mark.parametrize("store", [True, False])
async def test_a_run_over_one_connection(way: str, store: bool) -> None:
    clerk = Clerk()
    said = (*TWO, Say(text='{"what": "fox"}'))
    async with (
        talking(*said) as here,
        client(way, here.url, strict=True) as heliograph,
        heliograph.responses.connect() as connection,
    ):
        response = await connection.run_tools(**ASK, tools=[clerk.look], store=store)
        assert (text_of(response), clerk.asked) == ("A fox.", ["north"])
        # The connection has the newest response, stored or not.
        assert response.previous_response_id is not None
        assert here.told(1) == {"call_1": FOX}
        typed = await connection.parse(
            model=TALKER, input="Say it.", text_format=Sight, previous_response_id=response.id
        )
        assert typed.output_parsed == Sight("fox")
        assert here.fake.requests[2].json()["response_format"]["type"] == "json_schema"
        assert "Let me see." in json.dumps(here.messages(2))


@pytest.mark.parametrize("way", ["sync", "async-httpx2"])
async def test_the_turns_of_a_connection_come_as_events(way: str) -> None:
    clerk = Clerk()
    async with (
        talking(*TWO, Say(text='{"what": "fox"}')) as here,
        client(way, here.url) as heliograph,
        heliograph.responses.connect() as connection,
    ):
        it = await connection.run_tools(**ASK, tools=[clerk.look], stream=True)
        async with it:
            types = [event.type async for event in it]
        assert types.count("response.completed") == 2
        async with connection.stream(**ASK, text_format=Sight) as s:
            seen = [event.type async for event in s]
            assert (await s.get_final_response()).output_parsed == Sight("fox")
        assert seen[-1] == "response.completed"
