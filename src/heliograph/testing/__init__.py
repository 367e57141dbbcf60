"""For tests of what speaks with Heliograph or like it (extra ``testing``)."""

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
from heliograph.testing._validate import Problem, Validator

__all__ = [
    "Call",
    "FakeChat",
    "FakeImages",
    "FakeServer",
    "Payloads",
    "Problem",
    "Received",
    "Reply",
    "Say",
    "Script",
    "Switches",
    "Validator",
]
