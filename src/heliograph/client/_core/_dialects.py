"""Where servers differ: one table.

Theory. A row holds what makes a difference to what the client sends, refuses or forgives, and
nothing that an answer shows by itself: both shapes of error are read whoever sends them. A dialect
is named by the caller, or known from the host of ``base_url``; a row so known refuses calls and
fields that its service does not have before anything is sent. At any other address the generic row
holds until an answer's head shows who is there (`learned`). That changes what is forgiven and
expected, and refuses nothing: a gateway may pass one provider's headers on and serve more.

Facts: OpenRouter's OpenAPI document, the types of the ``openai`` package, and the habits that
`heliograph.lifecycle` lists. A test holds the refusals to the first two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, get_args

import msgspec

from heliograph import errors

DialectName: TypeAlias = Literal["auto", "heliograph", "openai", "openrouter", "open-responses"]
"""How a server speaks; "auto" finds out."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``tolerances`` is the name of a `lifecycle.Dialect`, what strict mode forgives."""

    name: str
    service: str
    tolerances: str
    host: str | None = None
    base_path: str = "/v1"
    key_variable: str | None = None
    marks: frozenset[tuple[str, str | None]] = frozenset()
    """Headers that only this server sends: name and value, None for any."""
    keyed: bool = False
    """It honours ``Idempotency-Key``."""
    resumes: bool = True
    """It may have kept a stream that was cut."""
    absent: frozenset[str] = frozenset()
    """Methods of ``client.responses`` that it does not serve."""
    foreign: frozenset[str] = frozenset()
    """Fields of `ResponseParams` that its requests do not have."""
    images: Literal["openai", "openrouter"] | None = None
    """Whose Images API it serves; None: by the path it is at."""
    foreign_images: frozenset[str] = frozenset()
    """Fields of `ImageParams` that its requests for images do not have."""
    direct: bool = True
    """It may have Heliograph's own model, which passes a prompt on as it is."""

    @property
    def url(self) -> str | None:
        """Where it is, if it is one service."""
        return None if self.host is None else f"https://{self.host}{self.base_path}"

    def require(self, method: str, fields: Iterable[str] = ()) -> None:
        """Raises `UsageError` for what the server does not have."""
        way = 'dialect="open-responses" sends it all the same'
        if method in self.absent:
            raise errors.UsageError(f"responses.{method}: {self.service} has no such call; {way}")
        self._refuse(self.foreign, fields)

    def require_images(self, fields: Iterable[str]) -> None:
        """The same of a request for images."""
        self._refuse(self.foreign_images, fields)

    def _refuse(self, foreign: frozenset[str], fields: Iterable[str]) -> None:
        for name in fields:
            if name in foreign:
                raise errors.UsageError(
                    f"{name}: {self.service} has no such field; extra_body sends it all the same"
                )


OURS = Dialect(
    name="heliograph",
    service="Heliograph's server",
    tolerances="strict",
    marks=frozenset({("x-idempotency", "honoured"), ("x-response-id", None)}),
    keyed=True,
)
OPENAI = Dialect(
    name="openai",
    service="OpenAI",
    tolerances="openai",
    host="api.openai.com",
    key_variable="OPENAI_API_KEY",
    marks=frozenset({("openai-version", None)}),
    foreign=frozenset({
        "frequency_penalty", "image_config", "modalities", "models", "plugins", "presence_penalty",
        "provider", "session_id", "top_k",
    }),
    images="openai",
    foreign_images=frozenset({
        "aspect_ratio", "input_references", "provider", "resolution", "seed",
    }),
    direct=False,
)  # fmt: skip
OPENROUTER = Dialect(
    name="openrouter",
    service="OpenRouter",
    tolerances="openrouter",
    host="openrouter.ai",
    base_path="/api/v1",
    key_variable="OPENROUTER_API_KEY",
    resumes=False,
    absent=frozenset({"retrieve", "cancel", "input_items", "delete", "connect"}),
    foreign=frozenset({"conversation", "stream_options"}),
    images="openrouter",
    foreign_images=frozenset({
        "complexity", "frame_count", "frame_duration_ms", "input_fidelity", "moderation",
        "partial_images", "response_format", "safety_identifier", "style", "svg",
    }),
    direct=False,
)  # fmt: skip
GENERIC = Dialect(
    name="open-responses", service="an Open Responses server", tolerances="open-responses"
)

DIALECTS = {row.name: row for row in (OURS, OPENAI, OPENROUTER, GENERIC)}


def dialect_of(name: str, host: str | None) -> Dialect:
    """The row named, or the one whose service is at ``host``. Raises `UsageError`."""
    if name == "auto":
        return next((row for row in DIALECTS.values() if host and row.host == host), GENERIC)
    if name not in DIALECTS:
        names = ", ".join(get_args(DialectName))
        raise errors.UsageError(f"dialect: {name!r} is none of {names}")
    return DIALECTS[name]


def learned(headers: Mapping[str, str]) -> Dialect | None:
    """The row that an answer's head shows."""
    for row in DIALECTS.values():
        for name, value in row.marks:
            got = headers.get(name)
            if got is not None and value in (None, got):
                return row
    return None
