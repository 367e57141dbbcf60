"""What a part of the section on scale came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Part:
    """Markdown, aims with whether they held, and what `bench.plan` wants to know."""

    body: str
    aims: list[tuple[str, bool]] = field(default_factory=list)
    costs: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.body, self.aims, self.costs))
