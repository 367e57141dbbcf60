"""A loopback HTTP server that sends a workload's ready-made bytes, one HTTP chunk per event.

``python bench/server.py NAME ...`` prints its port. The request's ``model`` names the workload. The
bytes are made before the first request, so that the server's work is ``send`` and little else.
"""

from __future__ import annotations

import json
import socket
import sys
import threading

from bench.workloads import workload

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-store\r\nx-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n"
)
READY: dict[str, bytes] = {}


def prepare(name: str) -> None:
    frames = [*workload(name).frames, b"data: [DONE]\n\n"]
    READY[name] = HEAD + b"".join(b"%x\r\n%b\r\n" % (len(f), f) for f in frames) + b"0\r\n\r\n"


def serve(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = b""
    with connection:
        while True:
            while b"\r\n\r\n" not in buffer:
                piece = connection.recv(65536)
                if not piece:
                    return
                buffer += piece
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            while len(buffer) < length:
                buffer += connection.recv(65536)
            body, buffer = buffer[:length], buffer[length:]
            try:
                connection.sendall(READY[json.loads(body)["model"]])
            except OSError:
                return


def main() -> None:
    for name in sys.argv[1:]:
        prepare(name)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
