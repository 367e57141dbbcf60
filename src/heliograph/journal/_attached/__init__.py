"""A journal for other processes of this machine, over a unix socket.

``_wire`` is the protocol without I/O: messages, the tables of methods and errors, framing.
``_host`` serves a journal, ``_link`` is a client's connection, ``_journal`` the journal on it.

Theory of operation. Both sides send length-prefixed msgpack messages. Calls have numbers and are
answered in any order; what a call means is the journal's contract. Beyond it:

1. A lease is *granted* by an answer and *held* once the client has said that it took it. A grant
   that was not taken (the call was cancelled, the connection broke, the client hangs) is released
   by the host.
2. A broken connection is made again by the client, and its first calls there renew the leases that
   it holds. Until then the host lets them run out soon: a worker that died is replaced at once.
3. What was under way when it broke is asked again where that is harmless; an append is looked up in
   the log. The renewals come first, and the host's journal takes calls in order: so an append of
   the broken connection is in the log by then, or will never be.
4. Pictures do not pass: both sides see the folder of the blobs.
"""

from heliograph.journal._attached._host import JournalHost, Watcher
from heliograph.journal._attached._journal import AttachedJournal
from heliograph.journal._attached._socket import SOCKET

__all__ = ["SOCKET", "AttachedJournal", "JournalHost", "Watcher"]
