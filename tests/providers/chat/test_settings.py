"""The settings as a configuration file has them."""

from __future__ import annotations

import msgspec
import pytest

from heliograph.providers.chat import ChatCompletions, ChatCompletionsSettings, ResponsesSettings

TOML = """
[local]
kind = "chat_completions"
base_url = "http://127.0.0.1:8000/v1"
max_tokens_field = "max_completion_tokens"
timeouts = { first_byte_seconds = 60 }
[local.models."house/llama"]
upstream = "llama-3"
sees = true
[far]
kind = "responses"
base_url = "https://example.com/v1"
hosts = ["image_generation"]
models = { "far/model" = {} }
"""


def test_sections_tell_their_kind() -> None:
    kinds = dict[str, ChatCompletionsSettings | ResponsesSettings]
    sections = msgspec.toml.decode(TOML, type=kinds)
    local = sections["local"]
    assert isinstance(local, ChatCompletionsSettings)
    assert isinstance(sections["far"], ResponsesSettings)
    card = ChatCompletions(local).cards[0]
    assert (card.id, card.input_modalities) == ("house/llama", ("text", "image"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("typo = 1", "typo"),
        ('max_tokens_field = "tokens"', "max_tokens_field"),
        ("timeouts = { silence_seconds = 0 }", "silence_seconds"),
        ('labels = ["nothing"]', "labels"),
    ],
)
def test_a_wrong_key_or_value_is_named(line: str, said: str) -> None:
    toml = f'kind = "chat_completions"\nbase_url = "http://x"\nmodels = {{ m = {{}} }}\n{line}'
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.toml.decode(toml, type=ChatCompletionsSettings)
