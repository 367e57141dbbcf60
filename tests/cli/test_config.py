"""``heliograph config check``: what would be served, or one line that says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from heliograph.cli import main
from heliograph.providers.chat import (
    ChatCompletionsSettings,
    ChatModel,
    ResponsesSettings,
    RouteSettings,
)
from heliograph.providers.image import OpenAIImagesSettings, OpenRouterImagesSettings
from heliograph.server import Compat
from heliograph.server._settings import _File

EXAMPLES = Path(__file__).parents[2] / "examples" / "config"
SERVED = {
    "local": """
        chat   qwen3                   ollama
        chat   gemma3                  ollama
        chat   heliograph/direct       embedded
        image  heliograph/illustrator  embedded
    """,
    "vllm-images": """
        chat   llama-3.3-70b           gpu-1, then gpu-2
        chat   heliograph/direct       embedded
        image  gpt-image-1             pictures
        image  heliograph/illustrator  embedded
    """,
    "openrouter": """
        chat   anthropic/claude-sonnet-4.5    openrouter
        chat   google/gemini-2.5-flash-image  openrouter
        image  black-forest-labs/flux.2-pro   openrouter-pictures
    """,
}
VARIABLES = ("VLLM_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY")


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.iterdir()))
def test_each_example_would_be_served(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "a-secret")
    assert main(["config", "check", str(EXAMPLES / f"{name}.toml")]) == 0
    told = capsys.readouterr().out
    assert lines(told)[1:] == lines(SERVED[name])
    assert "a-secret" not in told


TALK = '[providers.talk]\nkind = "chat_completions"\nbase_url = "http://x/v1"\n'
MODELS = '[providers.talk.models."a/b"]\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("embedded = false", "nothing to serve"),
        ('embedded = "no"', "embedded: expected `bool`, got `str`"),
        ("[provider.x]", "unknown key 'provider'; allowed here: host, port"),
        ("[providers.x]", "providers.x.kind: missing; allowed: chat_completions, responses,"),
        ('[providers.x]\nkind = "magic"', "providers.x.kind: unknown kind 'magic'; allowed: chat"),
        ("[providers.x]\nkind = 3", "providers.x.kind: unknown kind 3; allowed: chat_completions"),
        ("providers = 3", "providers: expected `object`, got `int`"),
        ('[providers]\nx = "y"', "providers.x: expected `object`, got `str`"),
        ('[providers.""]\nkind = "direct"', "a provider needs a name"),
        (
            '[providers.x]\nkind = "direct"\nmodel = "y"',
            "unknown key 'providers.x.model'; allowed here: kind",
        ),
        (TALK, "providers.talk.models: missing, and it must be given"),
        (
            f'{TALK}api_key = "a-secret"\n{MODELS}',
            "unknown key 'providers.talk.api_key'; allowed here: kind, base_url, models",
        ),
        (
            f'{TALK}{MODELS}uptream = "z"',
            "unknown key 'providers.talk.models.\"a/b\".uptream'; allowed here: upstream, name",
        ),
        (f"{TALK}{MODELS}sees = 1", 'providers.talk.models."a/b".sees: expected `bool`, got `int`'),
        (
            f'{TALK}max_tokens_field = "tokens"\n{MODELS}',
            "providers.talk.max_tokens_field: invalid enum value 'tokens'; allowed: max_tok",
        ),
        (
            f"{TALK}timeouts = {{ silence_seconds = 0 }}\n{MODELS}",
            "providers.talk.timeouts.silence_seconds: expected `float` > 0.0",
        ),
        (
            f"{TALK}headers = {{ one = 'a-secret', two = 2 }}\n{MODELS}",
            "providers.talk.headers.two: expected `str`, got `int`",
        ),
        (
            f'{TALK}api_key_env = "TALK_KEY"\n{MODELS}',
            "providers.talk.api_key_env: the environment variable TALK_KEY is not set",
        ),
        (
            '[providers.p]\nkind = "openai_images"\nmodels = {}',
            "providers.p: models: name at least one model",
        ),
        ("[routes]\nattempts = 0", "routes.attempts: expected `int` >= 1"),
        ("[routes]\ntries = 1", "unknown key 'routes.tries'; allowed here: attempts, wait_first"),
        (f"{TALK}models = {{}}", "providers.talk.models: expected `object` of length >= 1"),
        (
            "[providers.x]\nkind = []",
            "providers.x.kind: unknown kind []; allowed: chat_completions",
        ),
        ("[limits]\nmax_tool_calls = 0", "limits: max_tool_calls is 0"),
        ("[limits]\nmax_tool_cals = 3", "(did you mean 'limits.max_tool_calls'?)"),
        (
            f'{TALK}models = {{ a = "b" }}',
            "providers.talk.models.a: expected `object`, got `str`; a table must stand here, such "
            "as { upstream = ... }; it may hold: upstream, name",
        ),
        *(
            (
                f'[providers.x]\nkind = "{kind}"\nbase_url = "{address}"\nmodels = {models}',
                "providers.x.base_url: not an address that paths can be put behind; it must begin "
                "with http:// or https://, name a host",
            )
            for kind, models in (
                ("chat_completions", '{ a = { upstream = "a" } }'),
                ("responses", '{ a = { upstream = "a" } }'),
                ("openai_images", '{ a = "a" }'),
                ("openrouter_images", '{ a = "a" }'),
            )
            for address in (
                "localhost:11434/v1",
                "127.0.0.1:11434",
                "ftp://a-secret@x/v1",
                "http:///v1",
                "http://x:port/v1",
                "http://[x/v1",
                "http://x/v1?key=a-secret",
            )
        ),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_key(
    text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(text, encoding="utf-8")
    assert main(["config", "check", str(file)]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert told.err.startswith(f"heliograph config: {file}: ")
    assert says in told.err
    assert "a-secret" not in told.err


@pytest.mark.parametrize(
    "settings",
    [
        _File,
        ChatModel,
        ChatCompletionsSettings,
        ResponsesSettings,
        OpenAIImagesSettings,
        OpenRouterImagesSettings,
        RouteSettings,
        Compat,
    ],
)
def test_the_page_on_the_file_names_every_key(settings: type) -> None:
    page = (EXAMPLES.parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")
    names = [field.name for field in msgspec.structs.fields(settings)]
    assert [name for name in names if not re.search(rf"`(\[+)?{name}\b", page)] == []


def test_a_journal_on_nats_and_its_bucket_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text(
        "[journal]\nkind = 'nats'\nprefix = 'hg'\n"
        "[journal.blobs]\nkind = 's3'\nbucket = 'pictures'\n"
    )
    assert main(["config", "check", str(file)]) == 0
    assert "\n  blobs    s3://pictures/hg\n" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "no-such.toml"]) == 2
    assert "no-such.toml" in capsys.readouterr().err


def test_the_embedded_models_can_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "heliograph.toml"
    file.write_text('embedded = false\n[providers.pictures]\nkind = "illustrator"\n')
    assert main(["config", "check", str(file)]) == 0
    assert lines(capsys.readouterr().out)[1:] == ["image  heliograph/illustrator  pictures"]
