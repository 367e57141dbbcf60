"""For tests of what speaks with Heliograph or like it: fakes of the upstreams (extra ``local``)."""

from heliograph.testing._fakes import FakeServer, Received, Reply, Switches

__all__ = ["FakeServer", "Received", "Reply", "Switches"]
