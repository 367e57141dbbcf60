"""``heliograph cluster up``: real nats-servers on this machine, for development and tests."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TextIO

from heliograph.testing.nats import Cluster

_LOOK_SECONDS = 0.5


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Keep ``args.size`` servers running until a signal. Returns the exit status.

    Raises ``UsageError`` where there is no server program, or one does not come up.
    """
    size: int = args.size
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    with Cluster(size, Path(args.data), port=args.port) as cluster:
        out.write(
            f'[journal]\nkind = "nats"\nservers = {json.dumps(cluster.urls)}\n'
            f"replicas = {3 if size >= 3 else 1}\n"
            f"monitors = {json.dumps([node.monitor for node in cluster.nodes])}\n"
        )
        out.flush()
        gone: set[str] = set()
        while not ended.wait(_LOOK_SECONDS):
            for node in cluster.nodes:
                if node.pid is None and node.name not in gone:
                    gone.add(node.name)
                    print(f"{node.name} has ended; see {node.log}", file=err, flush=True)
    return 0
