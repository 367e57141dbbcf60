"""Fake upstreams: real HTTP servers on loopback that speak a provider's wire, faults included."""

from heliograph.testing._fakes._base import Events, FakeServer, Received, Reply, Switches

__all__ = ["Events", "FakeServer", "Received", "Reply", "Switches"]
