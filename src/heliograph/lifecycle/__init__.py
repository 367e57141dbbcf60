"""What may follow what in a stream of the Responses API; events folded into the response so far.

``Machine`` holds a stream to the tables (``_tables.py``) and the rules (``RULES``); ``Checker`` to
the field rules as well, and ``check`` runs one over a capture; ``Snapshot`` folds events. Nothing
here does I/O or reads a clock.
"""

from ._check import Report, check
from ._checker import Checker, check_response
from ._dialects import DIALECTS, STRICT, TOLERANCES, Dialect, tables_for
from ._framing import Framing, read_event
from ._machine import Machine
from ._mend import Mender
from ._rules import RULES, Violation
from ._snapshot import Snapshot
from ._tables import TABLES, TERMINAL

__all__ = [
    "DIALECTS",
    "RULES",
    "STRICT",
    "TABLES",
    "TERMINAL",
    "TOLERANCES",
    "Checker",
    "Dialect",
    "Framing",
    "Machine",
    "Mender",
    "Report",
    "Snapshot",
    "Violation",
    "check",
    "check_response",
    "read_event",
    "tables_for",
]
