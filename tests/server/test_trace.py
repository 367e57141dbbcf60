"""Traces: what is a span, what it hangs on, what goes out to upstreams and to a collector."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from tests.server.kit import Painter

from heliograph import errors
from heliograph.providers import Catalog
from heliograph.providers.chat import (
    Candidate,
    ChatCompletions,
    ChatCompletionsSettings,
    ChatModel,
    Routed,
    RouteSettings,
)
from heliograph.server import Limits, Otel, Server, Settings, create_app
from heliograph.testing import Call, FakeChat, FakeServer, Received, Say
from heliograph.testing._fakes._base import Reply, Switches

PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{PARENT[0]}-{PARENT[1]}-01"
HEN = '{"prompt": "a hen"}'
PROMPT = "a canary that nobody may read"


class Spans:
    """What a server with this provider has traced."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    yield made
    made.provider.shutdown()


def upstream(fake: FakeChat) -> Catalog:
    told = ChatCompletionsSettings(
        base_url=fake.base_url, models={"house/talker": ChatModel(upstream="fake-1")}
    )
    house = ChatCompletions(told, name="house")
    routed = Routed([Candidate("house", house)], RouteSettings(attempts=2, wait_first=0))
    return Catalog(chat=[routed], images=[Painter()])


async def post(server: Server, **body: Any) -> httpx2.Response:
    headers = {"traceparent": TRACEPARENT, "tracestate": "vendor=1"}
    async with httpx2.AsyncClient(base_url=server.url, timeout=20) as http:
        asked = {"model": "house/talker", "input": PROMPT, **body}
        return await http.post("/v1/responses", json=asked, headers=headers)


def of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def parent_of(span: ReadableSpan) -> str:
    assert span.parent is not None
    return f"{span.parent.span_id:016x}"


def id_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


async def test_a_response_is_one_trace_from_its_caller_to_the_upstream(spans: Spans) -> None:
    with FakeChat(Say(calls=(Call(name="image_generation", arguments=HEN),)), Say()) as fake:
        settings = Settings(port=0, journal="memory")
        async with Server(settings, upstream(fake), spans.provider) as server:
            answer = await post(server, tools=[{"type": "image_generation"}])
            assert answer.status_code == 200
            assert answer.json()["status"] == "completed"
        asked = fake.requests
    request, response = spans.one("POST /v1/responses"), spans.one("response house/talker")
    chats, image = spans.named("chat house/talker"), spans.one("execute_tool image_generation")
    calls = spans.named("POST")
    traces = {span.context.trace_id for span in spans.exporter.get_finished_spans() if span.context}
    assert traces == {int(PARENT[0], 16)}
    assert parent_of(request) == PARENT[1]
    assert parent_of(response) == id_of(request)
    assert {parent_of(span) for span in [*chats, image]} == {id_of(response)}
    assert [parent_of(call) for call in calls] == [id_of(chat) for chat in chats]
    assert [call.kind for call in calls] == [SpanKind.CLIENT] * 2
    assert request.kind is SpanKind.SERVER
    sent = [received.headers["traceparent"] for received in asked]
    assert sent == [f"00-{PARENT[0]}-{id_of(call)}-01" for call in calls]
    assert {received.headers["tracestate"] for received in asked} == {"vendor=1"}
    told = of(request)
    assert told["http.route"] == "/v1/responses"
    assert told["http.response.status_code"] == 200
    assert told["gen_ai.response.id"] == of(response)["gen_ai.response.id"] == answer.json()["id"]
    assert of(chats[0])["gen_ai.operation.name"] == "chat"
    assert of(chats[0])["gen_ai.response.finish_reasons"] == ("tool_calls",)
    assert of(chats[1])["gen_ai.response.finish_reasons"] == ("stop",)
    assert of(chats[1])["gen_ai.usage.output_tokens"] > 0
    assert of(image)["gen_ai.request.model"] == "test/painter"
    assert of(calls[0])["server.port"] == int(fake.base_url.rsplit(":")[-1].split("/")[0])
    assert of(calls[0])["gen_ai.provider.name"] == "house"
    assert "canary" not in "".join(s.to_json() for s in spans.exporter.get_finished_spans())


async def test_a_failed_attempt_is_a_failed_span_without_its_words(spans: Spans) -> None:
    switches = {"status": 500, "error": {"message": PROMPT}, "times": 1}
    with FakeChat(Say(), **switches) as fake:
        settings = Settings(port=0, journal="memory")
        async with Server(settings, upstream(fake), spans.provider) as server:
            assert (await post(server)).json()["status"] == "completed"
    first, second = spans.named("POST")
    assert of(first)["error.type"] == "unavailable"
    assert of(first)["http.response.status_code"] == 500
    assert first.status.status_code is StatusCode.ERROR
    assert second.status.status_code is StatusCode.UNSET
    assert "canary" not in first.to_json()


async def test_a_takeover_links_to_the_first_owners_span(spans: Spans) -> None:
    limits = Limits(drain_seconds=0)
    painter = Painter(pace=0.5)
    settings = Settings(port=0, journal="memory", limits=limits)
    with FakeChat(Say(calls=(Call(name="image_generation", arguments=HEN),)), Say()) as fake:
        catalog = upstream(fake)
        catalog = Catalog(chat=[catalog.chat("house/talker")], images=[painter])
        async with Server(settings, catalog, spans.provider) as server:
            tools = [{"type": "image_generation", "partial_images": 3}]
            answer = await post(server, background=True, tools=tools)
            await asyncio.to_thread(painter.started.wait, 10)
            runtime = server._runtime
            assert runtime is not None
            await runtime.stored.engine.stop(0)
            await runtime.stored.engine.start()
            async with httpx2.AsyncClient(base_url=server.url, timeout=20) as http:
                url = f"/v1/responses/{answer.json()['id']}?stream=true"
                assert "response.completed" in (await http.get(url)).text
    first, second = spans.named("response house/talker")
    assert not first.links
    assert [f"{link.context.span_id:016x}" for link in second.links] == [id_of(first)]


class Collector(FakeServer):
    """An OTLP/HTTP receiver."""

    async def answer(self, request: Received, reply: Reply, switches: Switches) -> None:
        assert request.path == "/v1/traces"
        await reply.json({})

    @property
    def names(self) -> list[str]:
        names = []
        for request in self.requests:
            sent = ExportTraceServiceRequest.FromString(request.body)
            for resource in sent.resource_spans:
                told = {a.key: a.value.string_value for a in resource.resource.attributes}
                assert told["service.name"] == "house"
                names += [span.name for scope in resource.scope_spans for span in scope.spans]
        return names


async def test_spans_are_exported_over_otlp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    with FakeChat(Say()) as fake, Collector() as collector:
        otel = Otel(endpoint=collector.url, service_name="house")
        async with Server(Settings(port=0, journal="memory", otel=otel), upstream(fake)) as server:
            assert (await post(server)).json()["status"] == "completed"
        assert {"POST /v1/responses", "response house/talker", "POST"} <= set(collector.names)


def test_the_standard_variables_turn_traces_on_and_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Otel().wanted
    assert Otel(endpoint="http://127.0.0.1:1").wanted
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert Otel().wanted
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not Otel(endpoint="http://127.0.0.1:1").wanted


def test_without_the_extra_there_is_one_line_that_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "heliograph.server._trace", raising=False)
    settings = Settings(journal="memory", otel=Otel(endpoint="http://127.0.0.1:1"))
    with pytest.raises(errors.MissingExtra) as refused:
        create_app(settings)
    assert "pip install 'heliograph[otel]'" in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_collector_that_is_gone_does_not_hold_the_stop() -> None:
    otel = Otel(endpoint="http://127.0.0.1:9")
    with FakeChat(Say()) as fake:
        async with Server(Settings(port=0, journal="memory", otel=otel), upstream(fake)) as server:
            assert (await post(server)).json()["status"] == "completed"
            began = time.monotonic()
    assert time.monotonic() - began < 6
