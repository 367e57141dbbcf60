"""The list of models, in the shape of each base path, and the probes."""

from __future__ import annotations

import httpx2
from tests.server.kit import MODEL


def test_models_under_v1_are_openai_s(http: httpx2.Client) -> None:
    listed = http.get("/v1/models").json()
    assert listed["object"] == "list"
    assert {card["id"] for card in listed["data"]} == {MODEL, "test/painter"}
    one = http.get(f"/v1/models/{MODEL}").json()
    assert one == next(card for card in listed["data"] if card["id"] == MODEL)
    assert one["object"] == "model"
    assert isinstance(one["created"], int)


def test_models_under_api_v1_are_openrouter_s(http: httpx2.Client) -> None:
    listed = http.get("/api/v1/models").json()
    assert listed["total_count"] == len(listed["data"]) == 2
    painter = next(card for card in listed["data"] if card["id"] == "test/painter")
    assert painter["architecture"]["output_modalities"] == ["image"]
    assert http.get("/api/v1/models/test/painter").json() == {"data": painter}
    assert http.get(painter["links"]["details"]).json() == {"data": painter}


def test_probes(http: httpx2.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ready"}
    assert http.head("/healthz").status_code == http.head("/readyz").status_code == 200
