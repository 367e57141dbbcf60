"""Fake upstreams: real HTTP servers on loopback that speak a provider's wire, faults included."""

from heliograph.testing._fakes._base import Events, FakeServer, Received, Reply, Switches
from heliograph.testing._fakes.chat import Call, FakeChat, Payloads, Say, Script
from heliograph.testing._fakes.images import FakeImages

__all__ = [
    "Call",
    "Events",
    "FakeChat",
    "FakeImages",
    "FakeServer",
    "Payloads",
    "Received",
    "Reply",
    "Say",
    "Script",
    "Switches",
]
