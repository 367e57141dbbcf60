"""Sealed reasoning where an upstream serves responses whole: its own content passes, ours opens."""

from __future__ import annotations

import httpx2
from tests.server.test_reasoning import (
    FOREIGN,
    INCLUDE,
    THINKER,
    TOOL,
    altered,
    as_codex_sends_it,
    hosted,
    house,
    message,
    post,
    reasoned,
    reasoning,
    upstream_response,
)

ANSWER = upstream_response(reasoned(), message("There."))


def test_a_relayed_item_is_the_upstream_s_and_goes_back_to_it() -> None:
    with house(ANSWER, kind="responses") as (fake, here):
        first = post(here, store=False, include=INCLUDE)
        (item,) = reasoning(first)
        post(here, input=[item, {"role": "user", "content": "Go on."}], store=False)
        told = fake.requests[-1].json()["input"]
    assert item["encrypted_content"] == "gAAAAABupstream"
    assert [one["encrypted_content"] for one in told if one.get("type") == "reasoning"] == [
        "gAAAAABupstream"
    ]


def test_what_was_sealed_in_the_loop_is_the_upstream_s_again_when_it_serves_whole() -> None:
    with house(hosted, upstream_response(message("There.")), kind="responses") as (fake, here):
        first = post(here, store=False, include=INCLUDE, tools=[TOOL])
        (ours,) = reasoning(first)
        given = [FOREIGN, as_codex_sends_it(ours), {"role": "user", "content": "Go on."}]
        post(here, input=given, store=False, include=INCLUDE)
        told = fake.requests[-1].json()["input"]
        ours["encrypted_content"] = altered(ours["encrypted_content"])
        body = {"model": THINKER, "input": [as_codex_sends_it(ours)]}
        refused = httpx2.post(f"{here.url}/v1/responses", json=body)
    found = [one["encrypted_content"] for one in told if one.get("type") == "reasoning"]
    assert found == ["gAAAAABtheirs", "gAAAAABupstream"]
    assert refused.status_code == 400
    assert "input[0].encrypted_content" in refused.text


def test_a_window_that_was_sealed_here_is_told_open_to_an_upstream_that_serves_whole() -> None:
    with house(upstream_response(message("They keep hens.")), kind="responses") as (fake, here):
        given = [{"role": "user", "content": "I keep hens."}]
        window = httpx2.post(
            f"{here.url}/v1/responses/compact", json={"model": THINKER, "input": given}
        ).json()["output"]
        post(here, input=[*window, {"role": "user", "content": "Go on."}])
        told = fake.requests[-1].json()["input"]
    assert "compaction" not in {one.get("type") for one in told}
    assert "Notes on the conversation so far:\\nThey keep hens." in str(told)
