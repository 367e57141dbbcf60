"""The journal on NATS JetStream; needs the extra ``nats``."""

from heliograph.journal._nats._connection import Login
from heliograph.journal._nats._journal import NatsJournal

__all__ = ["Login", "NatsJournal"]
