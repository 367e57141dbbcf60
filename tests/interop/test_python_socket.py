"""The real ``openai`` package talks over the WebSocket."""

from __future__ import annotations

import base64
from typing import Any

import openai
import pytest
from tests.server.kit import MODEL, Running, digest

# openai 3.54 calls websockets' connect() in a way that websockets 17.1 warns about.
pytestmark = pytest.mark.filterwarnings("ignore:connect.. must be used as a context manager")

TOOLS: Any = [{"type": "image_generation", "size": "256x256", "partial_images": 2}]
ENDS = ("response.completed", "response.failed", "response.incomplete", "error")


def drawn(response: Any) -> str:
    (item,) = [i for i in response.output if i.type == "image_generation_call"]
    return digest(base64.b64decode(item.result, validate=True))


def test_openai_goes_on_with_a_picture(shared: Running) -> None:
    with (
        openai.OpenAI(api_key="any", base_url=f"{shared.url}/v1") as client,
        client.responses.connect() as socket,
    ):
        previous: dict[str, Any] = {}
        pictures = []
        for prompt in ("a fox over a socket", "make it night"):
            socket.response.create(model=MODEL, input=prompt, tools=TOOLS, store=False, **previous)
            kinds = []
            while True:
                event: Any = socket.recv()
                kinds.append(event.type)
                if event.type in ENDS:
                    break
            assert kinds[0] == "response.created"
            assert kinds.count("response.image_generation_call.partial_image") == 2
            assert kinds[-1] == "response.completed"
            assert event.response.previous_response_id == previous.get("previous_response_id")
            pictures.append(drawn(event.response))
            previous = {"previous_response_id": event.response.id}
    assert len(set(pictures)) == 2
    assert set(pictures) <= set(shared.painter.made)


async def test_openai_reads_the_error_envelope(shared: Running) -> None:
    async with (
        openai.AsyncOpenAI(api_key="any", base_url=f"{shared.url}/v1") as client,
        client.responses.connect() as socket,
    ):
        await socket.response.create(model=MODEL, input="a fox", previous_response_id="resp_gone")
        event: Any = await socket.recv()
        assert event.type == "error"
        assert event.status == 400
        assert event.error.code == "previous_response_not_found"
        assert event.error.param == "previous_response_id"


def test_openai_sees_a_refused_handshake(shared: Running) -> None:
    with (
        openai.OpenAI(api_key="any", base_url=f"{shared.url}/nowhere") as client,
        pytest.raises(Exception, match="404"),
        client.responses.connect(),
    ):
        pass
