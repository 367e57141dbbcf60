"""Failover, retries and health, over real servers on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest
from tests.providers.chat.kit import MODEL, parts, provider, quick, request, turn

from heliograph import errors
from heliograph.providers import Answering, Relayed, Text
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
from heliograph.testing import FakeChat, Payloads, Say

FAST = RouteSettings(wait_first=0.01, wait_most=0.05)


class House:
    """Fakes ``a``, ``b``, ... and a route over them."""

    def __init__(self, *fakes: FakeChat, **settings: Any) -> None:
        self.fakes = fakes
        given = {"wait_first": 0.01, "wait_most": 0.05, **settings}
        self.route = Routed(
            [
                Candidate("abc"[n], provider(fake.base_url, timeouts=quick(first_byte=0.3)))
                for n, fake in enumerate(fakes)
            ],
            RouteSettings(**given),
        )

    @property
    def asked(self) -> list[int]:
        return [len(fake.requests) for fake in self.fakes]

    async def words(self, **fields: Any) -> str:
        found = await parts(self.route, turn(**fields))
        return "".join(part.delta for part in found if isinstance(part, Text))


@pytest.fixture
async def house() -> Any:
    made: list[House] = []
    with ExitStack() as stack:

        def make(*switches: dict[str, Any], **settings: Any) -> House:
            fakes = [
                stack.enter_context(FakeChat(Say(text=f"I am {'abc'[n]}."), **given))
                for n, given in enumerate(switches)
            ]
            made.append(House(*fakes, **settings))
            return made[-1]

        yield make
        for one in made:
            await one.route.aclose()


async def test_the_first_candidate_answers(house: Any) -> None:
    both = house({}, {})
    assert await both.words() == "I am a."
    assert both.asked == [1, 0]


async def test_a_passing_failure_is_tried_again_at_the_same_place(house: Any) -> None:
    both = house({"status": 503, "times": 1}, {})
    assert await both.words() == "I am a."
    assert both.asked == [2, 0]


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [
        ({"status": 500}, 2),
        ({"status": 401}, 1),
        ({"status": 404}, 1),
        ({"silent": 5}, 2),
        ({"bad_json": True}, 2),
        ({"cut": 0}, 2),
        ({"status": 429, "retry_after": 60}, 1),
    ],
)
async def test_failover_before_the_first_part(
    house: Any, trouble: dict[str, Any], tries: int
) -> None:
    both = house(trouble, {})
    assert await both.words() == "I am b."
    assert both.asked == [tries, 1]


async def test_a_short_retry_after_is_waited_for(house: Any) -> None:
    one = house({"status": 429, "retry_after": 0.05, "times": 1}, wait_most=1)
    begun = asyncio.get_running_loop().time()
    assert await one.words() == "I am a."
    assert asyncio.get_running_loop().time() - begun >= 0.05


async def test_an_upstream_that_asked_for_a_rest_gets_it(house: Any) -> None:
    both = house({"status": 429, "retry_after": 60, "times": 1}, {})
    assert await both.words() == "I am b."
    assert await both.words() == "I am b."
    assert both.asked == [1, 2]
    rests = both.route.rests()
    assert rests["a"] > 0 == rests["b"]


async def test_no_failover_after_the_first_part(house: Any) -> None:
    both = house({"cut": 2}, {})
    answer = both.route.answer(turn())
    assert await anext(answer) == Answering("a", MODEL)
    assert await anext(answer) == Text("I")
    with pytest.raises(errors.ProviderError):
        await anext(answer)
    assert both.asked == [1, 0]


async def test_a_fault_of_the_request_is_tried_nowhere_else(house: Any) -> None:
    both = house({"status": 400}, {})
    with pytest.raises(errors.ProviderError) as caught:
        await both.words()
    assert caught.value.kind == "bad_request"
    assert both.asked == [1, 0]


async def test_the_last_failure_is_told_when_all_fail(house: Any) -> None:
    both = house({"status": 500}, {"status": 401})
    with pytest.raises(errors.ProviderError) as caught:
        await both.words()
    assert caught.value.kind == "auth"


async def test_health_is_remembered_and_tried_again_after_a_rest(house: Any) -> None:
    both = house({"status": 500, "times": 3}, {}, attempts=1, failures=3, rest=0.3)
    for _ in range(3):
        assert await both.words() == "I am b."
    assert both.asked == [3, 3]
    assert await both.words() == "I am b."
    assert both.asked == [3, 4]
    await asyncio.sleep(0.35)
    assert await both.words() == "I am a."
    assert both.route.rests()["a"] == 0
    assert await both.words() == "I am a."


async def test_one_failed_trial_begins_another_rest(house: Any) -> None:
    both = house({"status": 500}, {}, attempts=1, failures=1, rest=0.2)
    assert await both.words() == "I am b."
    await asyncio.sleep(0.25)
    assert await both.words() == "I am b."
    assert await both.words() == "I am b."
    assert both.asked == [2, 3]


async def test_when_all_rest_it_says_for_how_long(house: Any) -> None:
    one = house({"status": 500}, attempts=1, failures=1, rest=30)
    for _ in range(2):
        with pytest.raises(errors.ProviderError) as caught:
            await one.words()
    assert caught.value.retry_after == pytest.approx(30, abs=2)
    assert one.asked == [1]


async def test_an_answer_from_before_the_rest_began_is_an_answer(house: Any) -> None:
    one = house({"silent": 0.15, "times": 1}, attempts=1, failures=1)
    slow = asyncio.create_task(one.words())
    while one.asked == [0]:  # noqa: ASYNC110 -- a fake has no event for it
        await asyncio.sleep(0.01)
    one.route._tries.failed("a", errors.ProviderError("down", kind="unavailable"))
    assert await slow == "I am a."
    assert one.route.rests()["a"] > 0


async def test_who_leaves_before_the_first_words_leaves_no_request_open(house: Any) -> None:
    one = house({"endless": True})
    answer = one.route.answer(turn())
    assert await anext(answer) == Answering("a", MODEL)
    held = answer.ag_frame.f_locals["rest"]
    await answer.aclose()
    assert held.ag_frame is None


async def test_readers_that_leave_say_nothing_about_health(house: Any) -> None:
    one = house({"silent": 0.2}, attempts=1, failures=1)
    waiting = asyncio.create_task(one.words())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert one.route.rests()["a"] == 0


@pytest.mark.parametrize(
    ("preferences", "said"),
    [
        ({"order": ["c", "b"]}, "I am c."),
        ({"only": ["b"]}, "I am b."),
        ({"ignore": ["a"]}, "I am b."),
        ({"order": ["b"], "allow_fallbacks": False}, "I am b."),
    ],
)
async def test_preferences_of_the_request(
    house: Any, preferences: dict[str, Any], said: str
) -> None:
    assert await house({}, {}, {}).words(provider=preferences) == said


async def test_no_fallbacks_means_none(house: Any) -> None:
    three = house({}, {"status": 401}, {})
    with pytest.raises(errors.ProviderError):
        await three.words(provider={"order": ["b"], "allow_fallbacks": False})
    assert three.asked == [0, 1, 0]


async def test_preferences_that_leave_nobody_are_refused() -> None:
    route = Routed([Candidate("a", provider("http://127.0.0.1:1"))])
    with pytest.raises(errors.ProviderError) as caught:
        route.check(request(provider={"only": ["z"]}))
    assert caught.value.param == "provider"


@pytest.fixture
def other() -> Iterator[FakeChat]:
    with FakeChat(Say(text="I am the other model.")) as fake:
        yield fake


async def test_further_models_of_the_request_are_tried(house: Any, other: FakeChat) -> None:
    broken = provider("http://127.0.0.1:1")
    model = "ours/other"
    spare = ChatCompletions(
        ChatCompletionsSettings(base_url=other.base_url, models={model: ChatModel(upstream="o")})
    )
    route = Routed([Candidate("a", broken), Candidate("o", spare)], FAST)
    found = await parts(route, turn(models=[MODEL, model]))
    await route.aclose()
    assert found[:2] == [Answering("o", model), Text("I am the other model.")]
    assert other.requests[0].json()["model"] == "o"


async def test_an_empty_answer_is_an_answer(house: Any) -> None:
    both = house({}, {})
    finish = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    both.fakes[0].script = [Payloads((finish,))]
    assert await both.words() == ""
    assert both.asked == [1, 0]


# -- relay ------------------------------------------------------------------------------------


class Relays:
    """A route over Responses upstreams."""

    def __init__(self, *fakes: FakeChat) -> None:
        known = {MODEL: ChatModel(upstream="theirs")}
        self.route = Routed(
            [
                Candidate(str(n), Responses(ResponsesSettings(base_url=f.base_url, models=known)))
                for n, f in enumerate(fakes)
            ],
            FAST,
        )

    async def types(self) -> list[str]:
        """What is relayed; types of what was told early begin with a star."""
        types: list[str] = []
        given = msgspec.structs.replace(
            turn(), relay="may", early=lambda event: types.append("*" + event.type)
        )
        async for part in self.route.answer(given):
            assert isinstance(part, Relayed)
            async for batch in part.events:
                types += [event.type for event in batch]
        return types


@pytest.mark.parametrize("trouble", [{"status": 500}, {"error_at": 2}, {"cut": 2}])
async def test_a_relay_fails_over_until_something_is_shown(trouble: dict[str, Any]) -> None:
    with FakeChat(Say(text="one two"), **trouble) as bad, FakeChat(Say(text="three")) as good:
        relays = Relays(bad, good)
        types = await relays.types()
        await relays.route.aclose()
    early = [kind for kind in types if kind.startswith("*")]
    assert types[: len(early)] == early
    assert set(early) == {"*response.created", "*response.in_progress"}
    assert types[len(early)] == "response.output_item.added"
    assert types[-1] == "response.completed"
    assert len(bad.requests) == 2


async def test_a_relay_that_showed_something_fails_there() -> None:
    with FakeChat(Say(text="one two"), error_at=3) as bad, FakeChat() as good:
        relays = Relays(bad, good)
        with pytest.raises(errors.ProviderError):
            await relays.types()
        await relays.route.aclose()
    assert good.requests == []


async def test_a_candidate_that_cannot_relay_answers_in_its_turn() -> None:
    with FakeChat(status=500) as bad, FakeChat(Say(text="Hi.")) as good:
        known = {MODEL: ChatModel()}
        far = Responses(ResponsesSettings(base_url=bad.base_url, models=known))
        route = Routed([Candidate("far", far), Candidate("near", provider(good.base_url))], FAST)
        given = msgspec.structs.replace(turn(), relay="may")
        assert (await parts(route, given))[:2] == [Answering("near", MODEL), Text("Hi.")]
        with pytest.raises(errors.ProviderError, match="told to answer 500"):
            await parts(route, msgspec.structs.replace(turn(), relay="must"))
        await route.aclose()
    assert len(good.requests) == 1


async def test_who_answered_before_is_asked_first(house: Any) -> None:
    both = house({}, {})
    stay = msgspec.structs.replace(turn(), stay=Answering("b", MODEL))
    assert (await parts(both.route, stay))[:2] == [Answering("b", MODEL), Text("I am b.")]


def test_a_route_relays_where_one_that_may_be_asked_does() -> None:
    url = "http://127.0.0.1:1"
    known = {MODEL: ChatModel()}
    chat = Candidate("chat", provider(url))
    far = Candidate("far", Responses(ResponsesSettings(base_url=url, models=known)))
    assert Routed([chat, far]).relays(request())
    assert not Routed([chat, far]).relays(request(provider={"only": ["chat"]}))
    assert not Routed([far]).relays(request(tools=[{"type": "image_generation"}]))
