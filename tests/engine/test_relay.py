"""Responses that an upstream serves whole, over real HTTP: odd streams pass, or are mended."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.engine.kit import CHAT, Clock, House, Painter, Through, ask, last, types
from tests.lifecycle import _streams as s

from heliograph import errors, models
from heliograph.engine import render
from heliograph.journal import MemoryJournal
from heliograph.providers.chat import (
    Candidate,
    ChatCompletions,
    ChatCompletionsSettings,
    ChatModel,
    Responses,
    ResponsesSettings,
    Routed,
    RouteSettings,
)
from heliograph.testing import Call, FakeChat, Payloads, Say, Validator

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(90))
B64 = base64.b64encode(PNG).decode()
FAST = RouteSettings(wait_first=0.01, wait_most=0.05)
R = "response."


class Relays:
    """A house whose chat model is on a route over fakes: ``a``, ``b``, ..."""

    def __init__(
        self,
        *fakes: FakeChat,
        chats: str = "",
        other: str = "",
        clocked: bool = False,
        limits: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.fakes = fakes
        candidates = []
        for name, fake in zip("abcd", fakes, strict=False):
            id_ = "fake/other" if name in other else CHAT
            models_ = {id_: ChatModel(upstream="theirs", sees=True)}
            provider: Any
            if name in chats:
                told = ChatCompletionsSettings(base_url=fake.base_url, models=models_)
                provider = ChatCompletions(told)
            else:
                provider = Responses(
                    ResponsesSettings(base_url=fake.base_url, models=models_, **settings)
                )
            candidates.append(Candidate(name, provider))
        self.route = Routed(candidates, FAST)
        clock = Clock()
        self.store = MemoryJournal(clock) if clocked else MemoryJournal()
        self.started = False
        self.house = House(self.store, self.route, Painter(), clock=clock, **(limits or {}))
        self.house.validator = Validator(relayed=True)

    async def texts(self, response_id: str) -> list[bytes]:
        """The log's events as they stand in it, pictures spliced in."""
        found = []
        async for frame in self.store.read("t", response_id):
            found += [b"".join(await render(e, self.store.blobs)) for e in frame.entries]
        return found

    async def relay(self, **body: Any) -> tuple[list[models.StreamEvent], list[dict[str, Any]]]:
        response_id = await self.submit(**body)
        await self.house.engine.start()
        events = await self.house.events(response_id)
        return events, [json.loads(text) for text in await self.texts(response_id)]

    async def submit(self, **body: Any) -> str:
        if not self.started:
            await self.store.start()
            self.started = True
        data = json.dumps(ask(**body)).encode()
        request = models.decode(models.ResponsesRequest, data)
        engine = self.house.engine
        plan = engine.check(request, await engine.resolve("t", request))
        created = await engine.submit("t", request, data, plan)
        self.house.ids.append(("t", created.response_id))
        return created.response_id


@pytest.fixture
async def relays() -> AsyncIterator[Callable[..., Relays]]:
    made: list[Relays] = []

    def make(*scripts: Any, switches: dict[str, Any] | None = None, **settings: Any) -> Relays:
        fakes = [
            script if isinstance(script, FakeChat) else FakeChat(script, **(switches or {}))
            for script in scripts
        ]
        for fake in fakes:
            fake.__enter__()
        made.append(Relays(*fakes, **settings))
        return made[-1]

    yield make
    for one in made:
        await one.house.engine.stop(0)
        await one.house.check_all()
        await one.store.stop()
        await one.route.aclose()
        for fake in one.fakes:
            fake.__exit__(None, None, None)


TOOLS = [
    {"type": "function", "name": "add", "parameters": {"type": "object"}},
    {"type": "custom", "name": "sh"},
]


def stream(*events: list[s.Wire], **fields: Any) -> list[s.Wire]:
    return s.wires(*events, **{"model": "theirs", "id": "resp_theirs", **fields})


def play(events: list[s.Wire] | list[bytes]) -> Payloads:
    return Payloads(tuple(events))


OURS = ("id", "created_at", "background", "store", "previous_response_id", "metadata", "model")


def without_ours(event: dict[str, Any]) -> dict[str, Any]:
    event = copy.deepcopy(event)
    event.pop("sequence_number", None)
    response = event.get("response")
    for name in OURS if response else ():
        response.pop(name, None)
    if response:
        response.pop("completed_at", None)
    return event


GOOD = {k: v for k, v in s.good().items() if k not in ("error alone", "cancelled while queued")}


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"background", "failed web search"}))
async def test_every_good_stream_passes(name: str, relays: Callable[..., Relays]) -> None:
    sent = GOOD[name]
    _, given = await relays(play(sent)).relay(tools=TOOLS)
    got = [without_ours(event) for event in given]
    wanted = [without_ours(event) for event in sent]
    if name == "parallel":  # the picture's completed event waits for its item's end
        got.sort(key=json.dumps)
        wanted.sort(key=json.dumps)
    assert got == wanted
    assert [event["sequence_number"] for event in given] == list(range(len(given)))


async def test_ids_numbers_and_flags_are_ours(relays: Callable[..., Relays]) -> None:
    sent = stream(s.message(0, s.text_part("Hi")), store=False, created_at=5)
    for event in sent:
        event["sequence_number"] += 7
    house = relays(play(sent))
    events, got = await house.relay(metadata={"a": "b"})
    response = got[-1]["response"]
    assert response["id"] == house.house.ids[0][1]
    assert (response["model"], response["store"], response["background"]) == (CHAT, True, False)
    assert response["metadata"] == {"a": "b"}
    assert response["created_at"] == int((await house.store.get("t", response["id"])).created_at)
    assert [event["sequence_number"] for event in got] == list(range(len(got)))
    asked = house.fakes[0].requests[0].json()
    assert (asked["model"], asked["store"], asked["stream"]) == ("theirs", False, True)
    assert last(events).output[0].content[0].text == "Hi"  # type: ignore[union-attr]


ODD = [
    b'{"type":"acme.sparkle","x":1.0e2,"s":"\\u00e9\\ud83d", "sequence_number" : 2}',
    b'{"type":"acme.unnumbered","x":{"sequence_number":9}}',
]


async def test_what_is_not_known_keeps_its_text(relays: Callable[..., Relays]) -> None:
    sent = stream(s.message(0, s.text_part("a", "b")), s.plain(1, "acme:hologram"))
    raw = [json.dumps(event).encode() for event in sent]
    delta = next(n for n, e in enumerate(sent) if e["type"].endswith("text.delta"))
    raw[delta] = (
        b'{"type":"response.output_text.delta","item_id":"msg_0","output_index":0,'
        b'"content_index":0,"delta":"\\u0061","logprobs":[],"sequence_number":99,"new":[1.50,{}]}'
    )
    done = next(n for n, e in enumerate(sent) if e["type"].endswith("item.done"))
    sent[done]["item"]["phase_of_moon"] = "full"
    raw[done] = json.dumps(sent[done]).encode()
    last_one = sent[-1]
    last_one["response"]["output"][0]["phase_of_moon"] = "full"
    last_one["response"]["acme"] = {"kept": "\u00e9"}
    raw[-1] = json.dumps(last_one).encode()
    house = relays(play([*raw[:2], *ODD, *raw[2:]]))
    await house.relay()
    texts = await house.texts(house.house.ids[0][1])
    assert texts[2] == ODD[0]
    assert texts[3] == ODD[1][:-1] + b',"sequence_number":3}'
    shown = next(t for t in texts if b'"new":[1.50,{}]' in t)
    assert b'"delta":"\\u0061"' in shown
    assert b'"sequence_number":99' not in shown
    assert b'"phase_of_moon": "full"' in texts[done + 2]
    assert b'"acme": {"kept": "\\u00e9"}' in texts[-1]
    entry = await house.house.engine.current("t", house.house.ids[0][1])
    kept = json.loads(b"".join(await render(entry, house.store.blobs)))
    assert kept == json.loads(texts[-1])["response"]
    assert kept["output"][1] == last_one["response"]["output"][1]


async def test_an_untouched_event_is_the_same_bytes(relays: Callable[..., Relays]) -> None:
    sent = stream(s.message(0, s.text_part("a", "b", "c")))
    raw = [json.dumps(event).encode() for event in sent]
    house = relays(play(raw))
    await house.relay()
    texts = await house.texts(house.house.ids[0][1])
    assert texts[2:-1] == raw[2:-1]


def _odd_words() -> list[s.Wire]:
    """Pieces of texts as no two upstreams send them."""
    parts = [s.text_part(*(f"w{n} \u00e9\ud83d\ude00" for n in range(30))) for _ in range(2)]
    first, second = s.message(0, *parts), s.message(1, s.text_part(*"abcdefgh"))
    deltas = [event for event in (*first, *second) if event["type"].endswith("output_text.delta")]
    for n, event in enumerate(deltas):
        if n % 3 == 0:
            del event["logprobs"]
        if n % 5 == 0:
            event["vendor"] = {"sequence_number": n, "kept": [1.50, "x"]}
    return stream(first, second)


def _renamed(event: s.Wire) -> None:
    if event["type"].endswith("output_text.delta"):
        event["item_id"] = "msg_other"


def _from_one(event: s.Wire) -> None:
    event["sequence_number"] += 1


def _not_counted(event: s.Wire) -> None:
    event.pop("sequence_number")


@pytest.mark.parametrize("habit", [lambda event: None, _renamed, _from_one, _not_counted])
@pytest.mark.parametrize("spaced", [False, True])
async def test_a_burst_is_logged_as_its_events_one_by_one(
    habit: Callable[[s.Wire], None], spaced: bool, relays: Callable[..., Relays]
) -> None:
    sent = _odd_words()
    for event in sent:
        habit(event)
    apart = (", ", " : ") if spaced else (",", ":")
    raw = [json.dumps(event, separators=apart).encode() for event in sent]
    logs = []
    for payloads, switches in (([b"\n\ndata: ".join(raw)], {}), (raw, {"slow": 0.002})):
        house = relays(play(payloads), switches=switches)
        events, _ = await house.relay()
        response_id = house.house.ids[0][1].encode()
        texts = [t.replace(response_id, b"ID") for t in await house.texts(response_id.decode())]
        logs.append((texts, [event.sequence_number for event in events]))
    assert logs[0] == logs[1]
    assert len(logs[0][0]) == len(sent)


async def test_pictures_become_blobs_where_they_come_back_the_same(
    relays: Callable[..., Relays],
) -> None:
    sent = stream(s.image_call(0, 2), tools=s.image_tool(2))
    for event in sent:
        if event["type"].endswith("partial_image"):
            event["partial_image_b64"] = B64
        if event["type"].endswith("item.done"):
            event["item"]["result"] = B64
    sent[-1]["response"]["output"][0]["result"] = B64
    house = relays(play(sent), hosts=("image_generation",))
    _, got = await house.relay(tools=[{"type": "image_generation", "model": "gpt-image-9"}])
    assert [without_ours(event) for event in got] == [without_ours(event) for event in sent]
    blobs = []
    async for frame in house.store.read("t", house.house.ids[0][1]):
        blobs += [len(entry.blobs) for entry in frame.entries]
    assert sum(blobs) == 4
    assert house.fakes[0].requests[0].json()["tools"][0]["model"] == "gpt-image-9"


async def test_other_strings_stay_as_they_came(relays: Callable[..., Relays]) -> None:
    sent = stream(s.image_call(0, 0))
    link = "https://example.org/fox.png"
    for event in (sent[-2]["item"], sent[-1]["response"]["output"][0]):
        event["result"] = link
    house = relays(play(sent), hosts=("image_generation",))
    _, got = await house.relay(tools=[{"type": "image_generation"}])
    assert got[-1]["response"]["output"][0]["result"] == link


async def test_a_tool_with_a_model_of_ours_is_hosted_here(relays: Callable[..., Relays]) -> None:
    call = Call(name="image_generation", arguments='{"prompt":"a fox"}', id="c")
    fake = FakeChat(Say(calls=(call,)), Say(text="There."))
    house = relays(fake, hosts=("image_generation",))
    events, _ = await house.relay(tools=[{"type": "image_generation", "model": "fake/painter"}])
    assert types(events).count("image_generation_call.completed") == 1
    assert [tool["type"] for tool in fake.requests[0].json()["tools"]] == ["function"]


async def test_what_only_an_upstream_serves_is_relayed(relays: Callable[..., Relays]) -> None:
    house = relays(play(stream(s.web_search(0))), hosts=("web_search", "plugins"))
    events, _ = await house.relay(tools=[{"type": "web_search"}], plugins=[{"id": "web"}])
    assert types(events)[-1] == "completed"
    assert house.fakes[0].requests[0].json()["plugins"] == [{"id": "web"}]


HABITS: dict[str, Callable[[list[s.Wire]], list[s.Wire]]] = {
    "numbers from one": lambda e: [x | {"sequence_number": x["sequence_number"] + 1} for x in e],
    "no numbers": lambda e: [
        {k: v for k, v in x.items() if k != "sequence_number"} for x in e
    ],
    "no logprobs": lambda e: [{k: v for k, v in x.items() if k != "logprobs"} for x in e],
    "keep-alives": lambda e: [
        *e[:1], {"type": R + "keep_alive"}, *e[1:4], {"type": R + "keep_alive"}, *e[4:]
    ],
    "no beginning": lambda e: e[2:],
    "no in_progress": lambda e: [e[0], *e[2:]],
    "only the end": lambda e: e[-1:],
    "only items": lambda e: [x for x in e if "_item.done" in x["type"] or x is e[-1]],
    "no parts": lambda e: [x for x in e if "part" not in x["type"]],
    "no usage": lambda e: [*e[:-1], e[-1] | {"response": e[-1]["response"] | {"usage": None}}],
    "few fields": lambda e: [
        *e[:-1],
        e[-1]
        | {
            "response": {
                k: v
                for k, v in e[-1]["response"].items()
                if k in ("id", "object", "created_at", "model", "output", "status", "tools",
                         "tool_choice", "parallel_tool_calls")
            }
        },
    ],
}  # fmt: skip


@pytest.mark.parametrize("habit", sorted(HABITS))
@pytest.mark.parametrize("name", ["text", "parallel", "function call", "reasoning"])
async def test_habits_are_mended(habit: str, name: str, relays: Callable[..., Relays]) -> None:
    whole = copy.deepcopy(GOOD[name])
    events, got = await relays(play(HABITS[habit](whole))).relay(tools=TOOLS)
    assert types(events)[-1] == "completed"
    found, wanted = got[-1]["response"]["output"], whole[-1]["response"]["output"]
    if habit == "only items":  # the order in which they are announced is that of their ends
        found, wanted = sorted(found, key=json.dumps), sorted(wanted, key=json.dumps)
    assert found == wanted
    assert got[-1]["response"]["usage"] is not None


async def test_what_cannot_be_mended_ends_as_failed(relays: Callable[..., Relays]) -> None:
    sent = stream(s.message(0, s.text_part("a", "b")))
    done = next(e for e in sent if e["type"].endswith("item.done"))
    done["item"] = {"type": "compaction", "id": "msg_0", "encrypted_content": "x"}
    events, _ = await relays(play(sent)).relay()
    assert types(events)[-2:] == ["output_item.done", "failed"]
    error = last(events).error
    assert error is not None
    assert error.code == "server_error"  # type: ignore[union-attr]
    assert "HG-ITM-005" in error.message  # type: ignore[union-attr]


async def test_a_stream_that_stops_half_way_closes_what_is_open(
    relays: Callable[..., Relays],
) -> None:
    for name in ("text", "image, 3 partials", "parallel", "web search", "shell", "odd part"):
        whole = GOOD[name]
        cut = len(whole) - 4
        events, _ = await relays(play(whole[:cut])).relay(tools=TOOLS)
        assert types(events)[-1] == "failed", name


async def test_a_half_out_picture_ends_as_failed(relays: Callable[..., Relays]) -> None:
    whole = GOOD["image, 3 partials"]
    events, _ = await relays(play(whole[:6])).relay()
    item = last(events).output[0]
    assert (item.type, item.status) == ("image_generation_call", "failed")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "trouble", [{"status": 500}, {"status": 429, "retry_after": 60}, {"cut": 2}]
)
async def test_failover_until_something_is_shown(
    trouble: dict[str, Any], relays: Callable[..., Relays]
) -> None:
    bad, good = FakeChat(Say(text="no"), **trouble), FakeChat(Say(text="Hello."))
    events, _ = await relays(bad, good).relay()
    assert types(events)[-1] == "completed"
    assert types(events).count("created") == types(events).count("in_progress") == 1
    assert len(good.requests) == 1


async def test_failover_to_a_chat_upstream_is_served_by_our_own_loop(
    relays: Callable[..., Relays],
) -> None:
    bad, good = FakeChat(Say(text="no"), cut=2), FakeChat(Say(text="Hello."))
    events, _ = await relays(bad, good, chats="b").relay()
    assert types(events)[-1] == "completed"
    assert types(events).count("created") == 1
    assert good.requests[0].path.endswith("/chat/completions")


async def test_no_failover_after_something_was_shown(relays: Callable[..., Relays]) -> None:
    bad, good = FakeChat(Say(text="one two three"), error_at=5), FakeChat(Say(text="Hello."))
    events, _ = await relays(bad, good).relay()
    assert types(events)[-1] == "failed"
    assert good.requests == []
    assert last(events).output[0].status == "incomplete"  # type: ignore[union-attr]


async def test_a_background_response_is_queued_here(relays: Callable[..., Relays]) -> None:
    events, got = await relays(Say(text="Hi.")).relay(background=True)
    assert types(events)[:3] == ["created", "queued", "in_progress"]
    assert got[-1]["response"]["background"] is True


async def test_a_conversation_goes_on_from_a_relayed_response(
    relays: Callable[..., Relays],
) -> None:
    first = stream(s.reasoning(0), s.message(1, s.text_part("Hi")), s.plain(2, "acme:hologram"))
    for event in (first[-1]["response"]["output"][1],):
        event["phase_of_moon"] = "full"
    next(e for e in first if e["type"].endswith("item.done") and e["output_index"] == 1)["item"][
        "phase_of_moon"
    ] = "full"
    house = relays(FakeChat(play(first), play(stream(s.message(0, s.text_part("Ho"))))))
    await house.relay()
    before = house.house.ids[0][1]
    item = {"role": "user", "content": "and now?", "odd": [1.0]}
    _, got = await house.relay(previous_response_id=before, input=[item])
    sent = house.fakes[0].requests[1].json()
    assert "previous_response_id" not in sent
    assert [i.get("type") for i in sent["input"]] == [
        "message", "reasoning", "message", "acme:hologram", None
    ]  # fmt: skip
    assert sent["input"][2] == first[-1]["response"]["output"][1]
    assert sent["input"][4] == item
    assert got[-1]["response"]["previous_response_id"] == before


async def test_cancel_closes_what_is_open(relays: Callable[..., Relays]) -> None:
    house = relays(FakeChat(Say(text="one two three", finish=None), slow=0.1))
    response_id = await house.submit(background=True)
    await house.house.engine.start()
    await house.house.seen(response_id, "output_text.delta")
    await house.store.cancel("t", response_id)
    events = await house.house.events(response_id)
    assert last(events).status == "cancelled"
    assert last(events).output[0].status == "incomplete"  # type: ignore[union-attr]


async def test_a_function_that_was_not_offered_is_refused(relays: Callable[..., Relays]) -> None:
    events, _ = await relays(play(stream(s.function_call(0)))).relay(
        tools=[{"type": "function", "name": "other", "parameters": {}}]
    )
    error = last(events).error
    assert "which it was not offered" in error.message  # type: ignore[union-attr]


# -- takeover ---------------------------------------------------------------------------------


class Dies(Through):
    """A journal whose worker is lost before its ``nth`` commit."""

    def __init__(self, inner: Any, nth: int) -> None:
        super().__init__(inner)
        self.left = nth

    async def commit(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise errors.JournalError("the worker died")


async def taken_over(house: Relays, commits: int) -> list[str]:
    """Event types, where the first worker is lost after so many commits."""
    response_id = await house.submit()
    first = house.house.new_engine(Dies(house.store, commits))
    await first.start()
    try:
        async with asyncio.timeout(5):
            while not any(fake.requests for fake in house.fakes) or first.running:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await first.stop(0)
    house.house.clock.now += 60
    await house.house.engine.start()
    return types(await house.house.events(response_id))


async def test_what_showed_nothing_is_relayed_again_whole(relays: Callable[..., Relays]) -> None:
    house = relays(Say(text="Hello there."), clocked=True)
    got = await taken_over(house, 0)
    assert got[-1] == "completed"
    assert len(house.fakes[0].requests) == 2


async def test_what_was_half_relayed_ends_as_failed(relays: Callable[..., Relays]) -> None:
    house = relays(FakeChat(Say(text="Hello there, you."), slow=0.05), clocked=True)
    got = await taken_over(house, 5)
    assert got[-1] == "failed"
    assert got.count("created") == 1
    assert len(house.fakes[0].requests) == 1


# -- who answers ------------------------------------------------------------------------------


async def test_the_response_names_the_model_that_answered(relays: Callable[..., Relays]) -> None:
    house = relays(FakeChat(status=500), FakeChat(Say(text="Hi.")), other="b")
    events, _ = await house.relay(models=["fake/other"])
    assert (last(events).status, last(events).model) == ("completed", "fake/other")
    house = relays(FakeChat(status=500), FakeChat(Say(text="Hi.")), other="b", chats="ab")
    events, _ = await house.relay(models=["fake/other"])
    assert (last(events).status, last(events).model) == ("completed", "fake/other")


@pytest.mark.parametrize(
    ("preferences", "asked"),
    [
        ({"order": ["b"]}, [0, 1]),
        ({"only": ["b"]}, [0, 1]),
        ({"ignore": ["a"], "allow_fallbacks": True}, [0, 1]),
        (
            {"allow_fallbacks": False, "require_parameters": True, "data_collection": "allow"},
            [1, 0],
        ),
    ],
)
async def test_preferences_are_honoured(
    preferences: dict[str, Any], asked: list[int], relays: Callable[..., Relays]
) -> None:
    house = relays(Say(text="a"), Say(text="b"))
    events, _ = await house.relay(provider=preferences)
    assert last(events).status == "completed"
    assert [len(fake.requests) for fake in house.fakes] == asked
    assert "provider" not in house.fakes[asked.index(1)].requests[0].json()


@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"provider": {"only": ["zed"]}}, "provider.only[0]", "there are: a"),
        ({"provider": {"order": ["a", "b"]}}, "provider.order[1]", "there are: a"),
        ({"provider": {"ignore": ["a"]}}, "provider", "leave nobody"),
        ({"provider": {"sort": "price"}}, "provider.sort", "name an order"),
        ({"provider": {"zdr": True}}, "provider.zdr", "not known"),
        ({"provider": {"colour": "red"}}, "provider.colour", "not a parameter"),
        ({"models": ["nobody/has-it"]}, "models[0]", "does not exist"),
        ({"models": ["fake/painter"]}, "models[0]", "makes pictures"),
        ({"models": [CHAT] * 33}, "models", "MAX_MODELS"),
        ({"route": "sort"}, "route", "in the order given"),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name(
    fields: dict[str, Any], param: str, says: str, relays: Callable[..., Relays]
) -> None:
    house = relays(Say(text="a"))
    with pytest.raises(errors.APIError) as caught:
        await house.submit(**fields)
    assert caught.value.param == param
    assert says in caught.value.message


async def test_models_alone_name_the_first(relays: Callable[..., Relays]) -> None:
    house = relays(Say(text="a"))
    data = json.dumps({"models": [CHAT], "input": "a fox"}).encode()
    request = models.decode(models.ResponsesRequest, data)
    plan = house.house.engine.check(request)
    assert plan.capabilities == (f"chat:{CHAT}",)


async def test_later_steps_ask_the_provider_that_answered_the_first(
    relays: Callable[..., Relays],
) -> None:
    call = Call(name="image_generation", arguments='{"prompt":"a fox"}', id="c")
    bad = FakeChat(Say(text="I am a."), status=503, times=2)
    good = FakeChat(Say(calls=(call,)), Say(text="There."))
    house = relays(bad, good, chats="ab")
    events, _ = await house.relay(tools=[{"type": "image_generation"}])
    assert last(events).status == "completed"
    assert [len(fake.requests) for fake in house.fakes] == [2, 2]


async def test_words_over_a_limit_cut_the_response_short(relays: Callable[..., Relays]) -> None:
    sent = stream(s.message(0, s.text_part("a" * 3000, "b" * 3000)))
    house = relays(play(sent), limits={"max_text_bytes": 4000})
    events, _ = await house.relay()
    response = last(events)
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"  # type: ignore[union-attr]
    assert response.output[0].status == "incomplete"  # type: ignore[union-attr]


async def test_an_event_over_a_limit_ends_the_response(relays: Callable[..., Relays]) -> None:
    sent = stream(s.message(0, s.text_part("a", "b" * 9000)))
    house = relays(play(sent), limits={"max_response_bytes": 8000})
    events, _ = await house.relay()
    error = last(events).error
    assert "max_response_bytes is 8000" in error.message  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "endless",
    [
        {"type": "response.acme", "filler": "x" * 500},
        {"type": R + "audio.delta", "delta": "x" * 500},
        {"type": R + "output_text.annotation.added", "item_id": "msg_0", "output_index": 0,
         "content_index": 0, "annotation_index": 0,
         "annotation": {"type": "url_citation", "start_index": 0, "end_index": 1,
                        "title": "x" * 500, "url": "https://a.example"}},
    ],
)  # fmt: skip
async def test_what_makes_no_words_is_bounded_too(
    endless: dict[str, Any], relays: Callable[..., Relays]
) -> None:
    message = s.message(0, s.text_part("a"))
    begun = next(n for n, e in enumerate(message) if e["type"].endswith("text.delta")) + 1
    sent = stream([*message[:begun], *[endless] * 100, *message[begun:]])
    house = relays(play(sent), limits={"max_response_bytes": 20_000})
    events, _ = await house.relay()
    assert last(events).status == "incomplete"
    assert len(events) < 80


async def test_previews_are_bounded_together(relays: Callable[..., Relays]) -> None:
    sent = stream(s.image_call(0, 100))
    for event in sent:
        if "partial_image_b64" in event:
            event["partial_image_b64"] = base64.b64encode(bytes(1500)).decode()
    house = relays(play(sent), limits={"max_response_bytes": 20_000})
    events, _ = await house.relay()
    assert last(events).status == "incomplete"
    assert len(events) < 80


async def test_what_comes_before_an_answer_is_bounded_too(relays: Callable[..., Relays]) -> None:
    odd = [{"type": f"acme.{n}", "filler": "x" * 500} for n in range(100)]
    house = relays(play(stream(odd)), limits={"max_response_bytes": 20_000})
    events, _ = await house.relay()
    assert "max_response_bytes, 20000" in last(events).error.message  # type: ignore[union-attr]
    assert len(events) < 80


@pytest.mark.parametrize("words", [[], s.message(0, s.text_part("a"))])
async def test_an_event_type_that_is_no_name_goes_no_further(
    words: list[s.Wire], relays: Callable[..., Relays]
) -> None:
    odd = {"filler": 1, "type": "acme\nid: 7\ndata: {}\n\n"}
    house = relays(play(stream([*words, odd])))
    events, _ = await house.relay()
    assert last(events).status == "failed"
    assert all(event.type.isprintable() for event in events)


async def test_a_picture_over_a_limit_ends_the_response(relays: Callable[..., Relays]) -> None:
    sent = stream(s.image_call(0, 1), tools=s.image_tool(1))
    for event in sent:
        if "partial_image_b64" in event:
            event["partial_image_b64"] = base64.b64encode(bytes(3000)).decode()
    house = relays(play(sent), limits={"max_picture_bytes": 2000}, hosts=("image_generation",))
    events, _ = await house.relay(tools=[{"type": "image_generation"}])
    error = last(events).error
    assert "max_picture_bytes is 2000" in error.message  # type: ignore[union-attr]
    assert last(events).output[0].status == "failed"  # type: ignore[union-attr]
