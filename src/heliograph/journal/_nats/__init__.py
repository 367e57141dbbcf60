"""The journal on NATS JetStream; needs the extra ``nats``."""

from heliograph.journal._nats._journal import NatsJournal
from heliograph.journal._nats._wire import Login

__all__ = ["Login", "NatsJournal"]
