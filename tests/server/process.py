"""A real ``heliograph serve`` process, to be signalled and killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType


class Process:
    """``heliograph serve`` on a free port with its data in ``data``; ``url`` once it answers."""

    def __init__(self, data: Path, *options: str) -> None:
        command = [sys.executable, "-m", "heliograph.cli", "serve", "--port", "0"]
        self.log = (data.parent / f"{data.name}.log").open("ab")
        self._child = subprocess.Popen(
            [*command, "--data", str(data), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        assert self._child.stdout is not None
        line = self._child.stdout.readline().decode()
        self.url = next((word for word in line.split() if word.startswith("http")), "")
        if not self.url:
            self.close()
            raise AssertionError(f"serve did not start: {Path(self.log.name).read_text()}")
        self.url = self.url.removesuffix("/v1")

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

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
