"""The fake chat upstream: what it says, in both wires, and what it does wrong."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest

from heliograph import lifecycle, models, sse
from heliograph.testing import Call, FakeChat, Payloads, Received, Say

SAY = Say(
    text="Hi there, you.",
    reasoning="Hm, so.",
    calls=(Call(name="weather", arguments='{"city":"Oslo"}', id="a"),),
    usage=(3, 4, 2),
)
ASKED = {"model": "theirs", "stream": True}


def post(fake: FakeChat, path: str, **fields: Any) -> httpx2.Response:
    return httpx2.post(f"{fake.base_url}/{path}", json=ASKED | fields, timeout=5)


def payloads(body: bytes) -> list[bytes]:
    return [frame.data for frame in sse.Decoder().feed(body)]


def test_its_responses_stream_keeps_the_protocol() -> None:
    with FakeChat(Say(text="Hi.", refusal="No.", calls=SAY.calls, reasoning="Hm.")) as fake:
        body = post(fake, "responses").content
    events = [models.decode_event(data) for data in payloads(body)]
    assert list(lifecycle.check(events).violations) == []
    assert events[-1].type == "response.completed"


@pytest.mark.parametrize("stream", [True, False])
def test_openais_client_reads_its_chat_completions(stream: bool) -> None:
    with FakeChat(SAY) as fake, openai.OpenAI(api_key="x", base_url=fake.base_url) as client:
        chat = client.chat.completions
        said: list[Any] = [{"role": "user", "content": "hi"}]
        if stream:
            with chat.stream(
                model="theirs", messages=said, stream_options={"include_usage": True}
            ) as events:
                answer = events.get_final_completion()
        else:
            answer = chat.create(model="theirs", messages=said)  # type: ignore[assignment]
    message = answer.choices[0].message
    assert message.content == "Hi there, you."
    assert message.tool_calls is not None
    assert message.tool_calls[0].function.arguments == '{"city":"Oslo"}'
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 7


@pytest.mark.parametrize("stream", [True, False])
def test_openais_client_reads_its_responses(stream: bool) -> None:
    with FakeChat(SAY) as fake, openai.OpenAI(api_key="x", base_url=fake.base_url) as client:
        if stream:
            with client.responses.stream(model="theirs", input="hi") as events:
                response: Any = events.get_final_response()
        else:
            response = client.responses.create(model="theirs", input="hi")
    assert response.output_text == "Hi there, you."
    assert response.output[-1].arguments == '{"city":"Oslo"}'


def test_the_script_goes_on_and_its_last_answer_stays() -> None:
    def echo(request: Received) -> Say:
        return Say(text=f"You said {request.json()['messages']}")

    with FakeChat(Say(text="one"), echo) as fake:
        answers = [
            post(fake, "chat/completions", stream=False, messages=n).json() for n in range(3)
        ]
    said = [answer["choices"][0]["message"]["content"] for answer in answers]
    assert said == ["one", "You said 1", "You said 2"]
    assert [request.json()["messages"] for request in fake.requests] == [0, 1, 2]


def test_an_error_takes_no_answer_of_the_script() -> None:
    with FakeChat(Say(text="one"), Say(text="two"), status=429, retry_after=3, times=1) as fake:
        first = post(fake, "chat/completions")
        assert (first.status_code, first.headers["retry-after"]) == (429, "3")
        assert first.json()["error"]["type"] == "rate_limit_error"
        assert b"one" in post(fake, "chat/completions").content


def test_payloads_are_sent_as_they_are() -> None:
    odd = b'{"a":  1.50}'
    with FakeChat(Payloads((odd, {"type": "x"}), done=False)) as fake:
        assert post(fake, "responses").content == (
            b'data: {"a":  1.50}\n\nevent: x\ndata: {"type":"x"}\n\n'
        )


@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_switches(path: str) -> None:
    with FakeChat(SAY) as fake:
        fake.set(bad_json=True)
        with pytest.raises(json.JSONDecodeError):
            json.loads(payloads(post(fake, path).content)[0])
        fake.set(wrong_types=True)
        assert json.loads(payloads(post(fake, path).content)[0])
        fake.set(no_stream=True)
        assert post(fake, path).status_code == 400
        fake.set(ignore_stream=True)
        assert post(fake, path).headers["content-type"] == "application/json"
        fake.set(ignore_stream=True, wrong_types=True)
        wrong = post(fake, path).json()
        assert (wrong.get("output") or wrong["choices"][0]["finish_reason"]) in ("none", 7)
        fake.set(ignore_stream=True, slow=2)
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(f"{fake.base_url}/{path}", json=ASKED, timeout=0.1)
        fake.set(cut=2)
        with pytest.raises(httpx2.RemoteProtocolError):
            post(fake, path)
        fake.set(error_at=1, error={"message": "gone"})
        assert b"gone" in payloads(post(fake, path).content)[-1]
        fake.set(silent=2)
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(f"{fake.base_url}/{path}", json=ASKED, timeout=0.1)


@pytest.mark.parametrize("path", ["chat/completions", "responses"])
def test_endless_goes_on(path: str) -> None:
    with FakeChat(Say(text="on and on"), endless=True) as fake:
        size = 0
        with httpx2.stream("POST", f"{fake.base_url}/{path}", json=ASKED) as answer:
            for chunk in answer.iter_raw():
                size += len(chunk)
                if size > 100_000:
                    break
        assert fake.requests[0].done.wait(5)


def test_models_and_unknown_paths() -> None:
    with FakeChat(model="m") as fake:
        assert httpx2.get(f"{fake.base_url}/models").json()["data"][0]["id"] == "m"
        assert post(fake, "nothing").status_code == 404
