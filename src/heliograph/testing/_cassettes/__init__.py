"""Cassettes: exchanges with a real endpoint, recorded once and replayed byte for byte."""

from heliograph.testing._cassettes._format import Cassette, Exchange
from heliograph.testing._cassettes._record import Recorder, key_for
from heliograph.testing._cassettes._replay import Faults, Replayer

__all__ = ["Cassette", "Exchange", "Faults", "Recorder", "Replayer", "key_for"]
