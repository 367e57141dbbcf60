"""Server-sent events: bytes to frames and back. Knows no protocol, does no I/O.

The rules are those of the WHATWG HTML standard, "Server-sent events" (9.2.5 and 9.2.6).
"""

from heliograph.errors import FrameTooLarge
from heliograph.sse._decoder import MAX_FRAME, Decoder
from heliograph.sse._encoder import comment, encode
from heliograph.sse._frame import Frame

__all__ = ["MAX_FRAME", "Decoder", "Frame", "FrameTooLarge", "comment", "encode"]
