"""Wire types as what a FastAPI app takes and returns, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Annotated, Any

import fastapi
import httpx2
import pytest
import uvicorn

from heliograph import models

RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1700000000,
    "model": "m",
    "status": "completed",
    "output": [{"type": "hologram", "depth": 3}],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "region": "north",
}
KEPT = models.decode(models.OpenResponsesResult, json.dumps(RESPONSE).encode())
app = fastapi.FastAPI()


@app.get("/annotated")
def annotated() -> models.OpenResponsesResult:
    return KEPT


@app.get("/modelled", response_model=models.OpenResponsesResult)
def modelled() -> Any:
    return KEPT


@app.get("/plain")
def plain():  # type: ignore[no-untyped-def]
    return KEPT


@app.get("/many")
async def many() -> list[models.OutputItem]:
    return KEPT.output


@app.post("/event")
async def event(taken: Annotated[models.StreamEvent, fastapi.Body()]) -> dict[str, Any]:
    return {"class": type(taken).__name__, "event": dict(taken) if hasattr(taken, "delta") else {}}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.mark.parametrize("path", ["/annotated", "/modelled", "/plain"])
def test_a_response_is_returned_whole(http: httpx2.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()) == (200, RESPONSE)


def test_so_are_lists_of_a_union(http: httpx2.Client) -> None:
    assert http.get("/many").json() == RESPONSE["output"]


def test_an_event_is_taken_in(http: httpx2.Client) -> None:
    delta = {"type": "response.output_text.delta", "delta": "x", "item_id": "m", "z": 1}
    delta |= {"output_index": 0, "content_index": 0, "logprobs": []}
    answer = http.post("/event", json=delta).json()
    assert answer == {"class": "TextDeltaEvent", "event": delta}
    assert http.post("/event", json={"type": "new"}).json()["class"] == "UnknownEvent"
    refused = http.post("/event", json={**delta, "delta": 5})
    assert refused.status_code == 422
    assert "delta: expected a string" in refused.json()["detail"][0]["msg"]


def test_its_openapi_names_the_types(http: httpx2.Client) -> None:
    document = http.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    given = document["paths"]["/annotated"]["get"]["responses"]["200"]["content"]
    reference = {"$ref": "#/components/schemas/OpenResponsesResult"}
    assert given["application/json"]["schema"] == reference
    assert schemas["OpenResponsesResult"]["properties"]["usage"]["anyOf"][1] == {
        "$ref": "#/components/schemas/Usage"
    }
    named = set(schemas)
    asked = json.dumps(document).split('"$ref": "#/components/schemas/')[1:]
    assert {one.partition('"')[0] for one in asked} <= named
