"""Bytes to frames.

Theory of operation, for whoever edits this next:

1. *Only LF is left.* A chunk that holds a CR is normalised first (CRLF and CR become LF; a CR that
   ends a chunk counts at once, and an LF that opens the next chunk belongs to it). JSON holds no
   raw CR, so for the streams that matter this is one ``memchr``.
2. *Between blocks, one regular expression cuts everything.* Where no block is open, ``_BLOCKS`` (or
   its sisters) runs over all complete blocks of the chunk. Its last alternative swallows all that
   is left and leaves the groups empty: an empty group means that some block was not of the common
   form, and the whole span is read line by line instead. So the expression may be narrow, never
   wrong.
3. *Long lines are not searched by it.* ``.*`` looks at each byte; ``bytes.find`` of one byte is
   ``memchr``. Spans with long lines go line by line.
4. *A line that has not ended is a list of pieces*, joined once. Each piece is searched once. Small
   pieces are gathered in a ``bytearray``, so that a line that comes byte by byte costs bytes and
   not objects. Joining holds a line twice for a moment, so once a stream has had a line of some
   megabytes, the next is written into a buffer of that size as it comes (``BytesIO`` gives its own
   buffer away). A buffer that had to grow would cost more than it saves, hence only the next.
5. *The same bytes fail in any split.* ``_held + len(line)`` is checked for the unfinished line and
   again when it ends, and the sum only grows while a block is open. Frames that came before the
   failing one are returned first; the error is raised by the next call.
"""

from __future__ import annotations

import re
from io import BytesIO

from heliograph.errors import FrameTooLarge
from heliograph.sse._frame import Frame

MAX_FRAME = 64 * 1024 * 1024
"""Default bound on one frame in bytes: its data so far and the line being read."""

_BOM = b"\xef\xbb\xbf"
_SMALL = 4096  # bytes: a smaller piece of a line is gathered with its neighbours
_GATHERED = 65536
_LONG_LINE = 4096
_LARGE = 512 * 1024  # bytes of a line from which a buffer may be made for it
_LARGE_BUFFER = 16 * 1024 * 1024
_SLACK = 64 * 1024  # how much larger the next line may be
_RETRY = re.compile(rb"0*([0-9]{1,18})")
_BLOCKS = re.compile(rb"(?:event: (.*)\n)?+(?:id: ([^\n\0]++)\n)?+data: (.*+)\n\n|(?s:.+)")
_DATA = re.compile(rb"(?:event: .*\n)?+data: (.*+)\n\n|(?s:.+)")
_DATA_ID = re.compile(rb"(?:event: .*\n)?+(?:id: ([^\n\0]++)\n)?+data: (.*+)\n\n|(?s:.+)")


class Decoder:
    """Cuts a stream of server-sent events into frames. Feed it chunks of any size.

    ``max_frame`` bounds one frame: the bytes of its ``data`` so far plus the line being read. Past
    it, ``feed`` gives the frames that came before and the next call (or ``close``) raises
    `FrameTooLarge`, and so does every later one.
    """

    __slots__ = (
        "_buffer",
        "_buffer_size",
        "_cr",
        "_data",
        "_error",
        "_event",
        "_held",
        "_id",
        "_line",
        "_line_size",
        "_max",
        "_names",
        "_retry",
        "_start",
        "comments",
        "last_id",
        "retry",
    )

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        if max_frame < 1:
            raise ValueError("max_frame is less than one byte")
        self._max = max_frame
        self._start: bytes | None = b""  # what may be the BOM; None once that is settled
        self._cr = False  # the last chunk ended in CR
        self._line: list[bytes | bytearray] = []  # pieces of the unfinished line
        self._line_size = 0
        self._buffer: BytesIO | None = None  # where the line goes behind its "data: ", if large
        self._buffer_size = 0  # of the next such buffer; 0 where no large line has come
        self._data: list[bytes] = []  # of the open block, as are the next four
        self._held = 0
        self._event = b""
        self._id: bytes | None = None
        self._retry: int | None = None
        self._error: FrameTooLarge | None = None
        self._names: dict[bytes, str] = {}
        self.comments = 0
        """Comments that have come: servers fill silence with them."""
        self.last_id = ""
        """The stream's last event id ("" where none was set)."""
        self.retry: int | None = None
        """The stream's reconnection time in milliseconds, where it set one."""

    @property
    def pending(self) -> int:
        """Bytes held of a frame that is not complete: above 0 at the end, the stream was cut."""
        return self._held + self._line_size + len(self._event)

    def feed(self, chunk: bytes | bytearray | memoryview) -> list[Frame]:
        """The frames that ``chunk`` completes. Raises `FrameTooLarge`."""
        frames: list[Frame] = []
        self._feed(chunk, frames, None)
        return frames

    def feed_data(self, chunk: bytes | bytearray | memoryview) -> list[bytes]:
        """Like `feed`, but only each frame's ``data``: for protocols that repeat the name in it."""
        found: list[bytes] = []
        self._feed(chunk, None, found)
        return found

    def close(self) -> bytes:
        """The stream has ended: an incomplete block is dropped, as the standard wants.

        Gives that block's data, as if it had ended here: some servers forget the blank line behind
        the last. Raises `FrameTooLarge` where one is due. `pending` says what was dropped.
        """
        if self._error is not None:
            raise self._error
        line = b"".join(self._line)
        if self._buffer is not None:
            line += self._buffer.getbuffer()[: self._line_size - len(line)]
        rest = [line[5:].removeprefix(b" ")] if line.startswith(b"data:") else []
        return b"\n".join([*self._data, *rest])

    def _feed(
        self,
        chunk: bytes | bytearray | memoryview,
        frames: list[Frame] | None,
        found: list[bytes] | None,
    ) -> None:
        if self._error is not None:
            raise self._error
        if not isinstance(chunk, bytes):
            chunk = bytes(chunk)
        if self._start is not None:
            chunk = self._skip_bom(self._start, chunk)
        if not chunk:
            return
        if self._cr or b"\r" in chunk:
            chunk = self._only_lf(chunk)
        pos = 0
        size = len(chunk)
        try:
            if (
                self._line
                or self._data
                or self._event
                or self._id is not None
                or self._retry is not None
            ):
                pos = self._lines(chunk, 0, size, frames, found, to_boundary=True)
            end = chunk.rfind(b"\n\n", pos) + 2
            if (
                end - 2 >= pos
                and end - pos <= self._max
                and _short_lines(chunk, pos, end)
                and self._blocks(chunk, pos, end, frames, found)
            ):
                pos = end
            if pos < size:
                self._lines(chunk, pos, size, frames, found)
        except FrameTooLarge as error:
            self._error = error
            self._line.clear()
            self._buffer = None
            self._data.clear()
            if not frames and not found:
                raise

    def _skip_bom(self, before: bytes, chunk: bytes) -> bytes:
        start = before + chunk[:3]
        if len(start) < 3 and _BOM.startswith(start):
            self._start = start
            return b""
        chunk = before + chunk
        self._start = None
        return chunk[3:] if chunk.startswith(_BOM) else chunk

    def _only_lf(self, chunk: bytes) -> bytes:
        if self._cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            if not chunk:
                self._cr = False
                return chunk
        self._cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _blocks(
        self,
        chunk: bytes,
        pos: int,
        end: int,
        frames: list[Frame] | None,
        found: list[bytes] | None,
    ) -> bool:
        """Cut ``chunk[pos:end]``, complete blocks all, or say that it needs reading by line."""
        if found is not None:
            if not self.last_id:
                data = _DATA.findall(chunk, pos, end)
                if all(data):
                    found += data
                    return True
            blocks = _DATA_ID.findall(chunk, pos, end)
            data = [value for _, value in blocks]
            if not all(data):
                return False
            found += data
            self._set_id(blocks)
            return True
        if frames is None:
            return False
        triples = _BLOCKS.findall(chunk, pos, end)
        if not all(value for _, _, value in triples):
            return False
        name = self._name
        last_id = self.last_id
        for event, new_id, value in triples:
            if new_id:
                last_id = new_id.decode("utf-8", "replace")
            frames.append(Frame(value, name(event), last_id))
        self.last_id = last_id
        return True

    def _set_id(self, blocks: list[tuple[bytes, bytes]]) -> None:
        for new_id, _ in reversed(blocks):
            if new_id:
                self.last_id = new_id.decode("utf-8", "replace")
                return

    def _lines(
        self,
        chunk: bytes,
        pos: int,
        end: int,
        frames: list[Frame] | None,
        found: list[bytes] | None,
        *,
        to_boundary: bool = False,
    ) -> int:
        """Read line by line and keep what has not ended; where it stopped.

        With ``to_boundary`` it stops behind the first blank line.
        """
        find = chunk.find
        while True:
            stop = find(b"\n", pos)
            if stop < 0:
                if pos < end:
                    self._keep(chunk[pos:] if pos else chunk)
                return end
            if self._line:
                self._end_line(chunk[pos:stop])
            elif stop == pos:
                self._dispatch(frames, found)
                if to_boundary:
                    return stop + 1
            else:
                if self._held + stop - pos > self._max:
                    raise FrameTooLarge(self._max, self._held + stop - pos)
                if chunk.startswith(b"data: ", pos):
                    self._add(chunk[pos + 6 : stop])
                else:
                    self._field(chunk[pos:stop])
            pos = stop + 1

    def _keep(self, piece: bytes) -> None:
        self._line_size += len(piece)
        if self._held + self._line_size > self._max:
            raise FrameTooLarge(self._max, self._held + self._line_size)
        line = self._line
        if self._buffer is not None:
            if self._line_size <= self._buffer_size:
                self._buffer.write(piece)
                return
            line.append(_given_away(self._buffer))
            self._buffer = None
        if len(piece) >= _SMALL:
            line.append(piece)
            if _LARGE <= self._line_size < self._buffer_size:
                self._into_buffer()
            return
        last = line[-1] if line else None
        if isinstance(last, bytearray) and len(last) < _GATHERED:
            last += piece
        else:
            line.append(bytearray(piece))

    def _into_buffer(self) -> None:
        line = self._line
        if not line[0].startswith(b"data: "):
            return
        self._buffer = BytesIO()
        self._buffer.seek(self._buffer_size - 1)
        self._buffer.write(b"\0")
        self._buffer.seek(0)
        line[0] = line[0][6:]
        self._buffer.writelines(line)
        line[:] = [b"data: "]

    def _end_line(self, rest: bytes) -> None:
        size = self._line_size + len(rest)
        if self._held + size > self._max:
            raise FrameTooLarge(self._max, self._held + size)
        if _LARGE <= size < _LARGE_BUFFER:
            self._buffer_size = size + _SLACK
        line = self._line
        if self._buffer is not None:
            self._buffer.write(rest)
            value = _given_away(self._buffer)
            self._buffer = None
            line.clear()
            self._line_size = 0
            self._add(value)
            return
        first = line[0]
        is_data = first.startswith(b"data: ")
        if is_data:  # cut here, while it is one piece, and not from the whole line
            line[0] = first[6:]
        line.append(rest)
        value = b"".join(line)
        line.clear()
        self._line_size = 0
        if is_data:
            self._add(value)
        else:
            self._field(value)

    def _add(self, value: bytes) -> None:
        self._data.append(value)
        self._held += len(value) + 1

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._add(value)
        elif name == b"event":
            self._event = value
        elif name == b"id":
            if b"\0" not in value:
                self._id = value
        elif name == b"retry" and (digits := _RETRY.fullmatch(value)):
            self._retry = self.retry = int(digits[1])
        elif not name:
            self.comments += 1

    def _dispatch(self, frames: list[Frame] | None, found: list[bytes] | None) -> None:
        if self._id is not None:
            self.last_id = self._id.decode("utf-8", "replace")
            self._id = None
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            if found is not None:
                found.append(data)
            elif frames is not None:
                frames.append(Frame(data, self._name(self._event), self.last_id, self._retry))
            self._data.clear()
        self._held = 0
        self._event = b""
        self._retry = None

    def _name(self, event: bytes) -> str:
        known = self._names.get(event)
        if known is None:
            known = event.decode("utf-8", "replace") or "message"
            if len(self._names) < 256 and len(event) < 256:
                self._names[event] = known
        return known


def _short_lines(chunk: bytes, pos: int, end: int) -> bool:
    """Whether a few lines looked at are short: a guess, which only decides what is faster."""
    step = (end - pos) // 4 + 1
    return all(chunk.find(b"\n", at, at + _LONG_LINE) >= 0 for at in range(pos, end, step))


def _given_away(buffer: BytesIO) -> bytes:
    """What was written, without a copy: the buffer is of no further use."""
    buffer.truncate()
    return buffer.getvalue()
