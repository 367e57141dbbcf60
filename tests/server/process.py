"""Real ``heliograph serve`` and ``heliograph worker`` processes, to be signalled and killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self


class Child:
    """``heliograph COMMAND``, once it has said its first line; its log is at ``log``."""

    def __init__(self, log: Path, command: str, *options: str, cwd: Path | None = None) -> None:
        self.log = log.open("ab")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "heliograph.cli", command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=cwd,
        )
        assert self._child.stdout is not None
        self.said = self._child.stdout.readline().decode()
        if not self.said:
            self.close()
            raise AssertionError(f"{command} did not start: {log.read_text()}")

    @property
    def pid(self) -> int:
        return self._child.pid

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._child.kill()
        self._child.wait(20)

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def wait(self, timeout: float = 20) -> int:
        """Its exit status."""
        return self._child.wait(timeout)

    def close(self) -> None:
        if self._child.poll() is None:
            self.kill()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Process(Child):
    """``heliograph serve`` on a free port with its data in ``data``; ``url`` once it answers."""

    def __init__(self, data: Path, *options: str) -> None:
        log = data.parent / f"{data.name}.log"
        super().__init__(log, "serve", "--port", "0", "--data", str(data), *options)
        self.url = next(word for word in self.said.split() if word.startswith("http"))
        self.url = self.url.removesuffix("/v1")


class WorkerProcess(Child):
    """``heliograph worker`` at the server of ``data``."""

    def __init__(self, data: Path, *options: str) -> None:
        log = data.parent / f"{data.name}-workers.log"
        super().__init__(log, "worker", "--data", str(data), *options)
