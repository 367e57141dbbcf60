"""For tests of what speaks with Heliograph or like it (extra ``testing``).

The names load on first use: cassettes and fakes need the core alone, the rest the extra.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heliograph.testing._assertions import assert_resumable, assert_valid_stream
    from heliograph.testing._cassettes import (
        Cassette,
        Exchange,
        Faults,
        Recorder,
        Replayer,
        key_for,
    )
    from heliograph.testing._fakes import (
        Call,
        FakeChat,
        FakeImages,
        FakeServer,
        Payloads,
        Received,
        Reply,
        Say,
        Script,
        Switches,
    )
    from heliograph.testing._running import RunningServer
    from heliograph.testing._validate import Problem, Validator

_MODULE_OF = {
    "Call": "_fakes",
    "Cassette": "_cassettes",
    "Exchange": "_cassettes",
    "FakeChat": "_fakes",
    "FakeImages": "_fakes",
    "FakeServer": "_fakes",
    "Faults": "_cassettes",
    "Payloads": "_fakes",
    "Problem": "_validate",
    "Received": "_fakes",
    "Recorder": "_cassettes",
    "Replayer": "_cassettes",
    "Reply": "_fakes",
    "RunningServer": "_running",
    "Say": "_fakes",
    "Script": "_fakes",
    "Switches": "_fakes",
    "Validator": "_validate",
    "assert_resumable": "_assertions",
    "assert_valid_stream": "_assertions",
    "key_for": "_cassettes",
}

__all__ = [
    "Call",
    "Cassette",
    "Exchange",
    "FakeChat",
    "FakeImages",
    "FakeServer",
    "Faults",
    "Payloads",
    "Problem",
    "Received",
    "Recorder",
    "Replayer",
    "Reply",
    "RunningServer",
    "Say",
    "Script",
    "Switches",
    "Validator",
    "assert_resumable",
    "assert_valid_stream",
    "key_for",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
