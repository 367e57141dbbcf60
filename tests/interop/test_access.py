"""What the official clients make of keys and limits: each refusal is their own typed error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import openrouter
import pytest
from openrouter import errors as router_errors
from tests.server.keyed import Keyed, keyed
from tests.server.kit import MODEL

from heliograph import errors
from heliograph.client import Heliograph
from heliograph.server import Keyring

TOOLS: Any = [{"type": "image_generation"}]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Keyed]:
    with keyed(tmp_path) as here:
        yield here


@pytest.fixture
def key(tmp_path: Path) -> str:
    return Keyring(tmp_path).create(requests_per_minute=2)[1]


def draw(client: Any) -> Any:
    return client.responses.create(model=MODEL, input="a fox", tools=TOOLS)


def test_openai(key: str, site: Keyed) -> None:
    with openai.OpenAI(api_key=key, base_url=f"{site.url}/v1", max_retries=0) as client:
        assert draw(client).status == "completed"
        raw = client.models.with_raw_response.list()
        assert raw.headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(openai.RateLimitError) as limited:
            draw(client)
        assert limited.value.code == "rate_limit_exceeded"
        assert int(limited.value.response.headers["retry-after"]) > 0
        wrong = client.with_options(api_key="hg_wrong")
        with pytest.raises(openai.AuthenticationError) as refused:
            draw(wrong)
        assert refused.value.code == "invalid_api_key"


def test_openrouter(key: str, site: Keyed) -> None:
    with openrouter.OpenRouter(api_key=key, server_url=f"{site.url}/api/v1") as client:
        for _ in range(2):
            sent = client.beta.responses.send(model=MODEL, input="a fox", tools=TOOLS)
            assert sent.status == "completed"
        with pytest.raises(router_errors.TooManyRequestsResponseError) as limited:
            client.beta.responses.send(model=MODEL, input="a fox", retries=None)
        assert "requests_per_minute" in limited.value.message
    with (
        openrouter.OpenRouter(api_key="hg_wrong", server_url=f"{site.url}/api/v1") as client,
        pytest.raises(router_errors.UnauthorizedResponseError, match="not known here"),
    ):
        client.beta.responses.send(model=MODEL, input="a fox")


def test_ours(key: str, site: Keyed) -> None:
    with Heliograph(api_key=key, base_url=f"{site.url}/v1", retries=None) as client:
        assert draw(client).status == "completed"
        assert draw(client).status == "completed"
        with pytest.raises(errors.RateLimited) as limited:
            draw(client)
        assert limited.value.retry_after
        assert limited.value.retry_after > 0
    with (
        Heliograph(api_key="hg_wrong", base_url=f"{site.url}/v1") as client,
        pytest.raises(errors.AuthenticationError),
    ):
        draw(client)
