from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from heliograph import errors
from heliograph.journal import _limits
from heliograph.journal._blobs import FileBlobs


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncIterator[FileBlobs]:
    store = FileBlobs(tmp_path, lambda: 1000.0)
    store.open()
    yield store
    store.close()


def forget(blobs: FileBlobs) -> None:
    blobs._cache.clear()
    blobs._cached_bytes = 0


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_blob_is_one_file_and_nothing_is_left_over(
    tmp_path: Path, blobs: FileBlobs
) -> None:
    name = await blobs.put(b"picture")
    assert await blobs.put(b"picture") == name
    files = files_in(tmp_path)
    assert files == [tmp_path / name[:2] / name]
    assert files[0].read_bytes() == b"picture"


@pytest.mark.parametrize("damage", [b"", b"pictur", b"pictureX", b"Picture"])
async def test_damage_is_found_on_reading(tmp_path: Path, blobs: FileBlobs, damage: bytes) -> None:
    name = await blobs.put(b"picture")
    forget(blobs)
    (tmp_path / name[:2] / name).write_bytes(damage)
    with pytest.raises(errors.JournalError, match="damaged"):
        await blobs.get(name)


async def test_a_cut_off_file_is_written_again(tmp_path: Path, blobs: FileBlobs) -> None:
    name = await blobs.put(b"picture")
    (tmp_path / name[:2] / name).write_bytes(b"pic")
    assert await blobs.put(b"picture") == name
    forget(blobs)
    assert await blobs.get(name) == b"picture"


async def test_a_missing_file_is_an_error(tmp_path: Path, blobs: FileBlobs) -> None:
    name = await blobs.put(b"picture")
    forget(blobs)
    (tmp_path / name[:2] / name).unlink()
    with pytest.raises(errors.JournalError, match="missing"):
        await blobs.get(name)
    assert blobs.has(name) is False


async def test_what_a_dead_process_left_is_dropped_on_opening(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "0123").write_bytes(b"half a pict")
    store = FileBlobs(tmp_path, lambda: 0.0)
    store.open()
    store.close()
    assert list((tmp_path / "tmp").iterdir()) == []


async def test_a_disk_that_refuses_is_a_journal_error(
    tmp_path: Path, blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("heliograph.journal._blobs.flush_file", full)
    with pytest.raises(errors.JournalError, match="No space left"):
        await blobs.put(b"picture")
    assert files_in(tmp_path) == []


async def test_the_cache_is_bounded(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_limits, "BLOB_CACHE_BYTES", 1000)
    names = [await blobs.put(bytes([i]) * 200) for i in range(20)]
    assert blobs._cached_bytes == sum(len(data) for data in blobs._cache.values()) <= 1000
    large = await blobs.put(b"x" * 900)
    assert large not in blobs._cache
    for i, name in enumerate(names):
        assert await blobs.get(name) == bytes([i]) * 200


async def test_a_blob_carries_the_journals_time(tmp_path: Path, blobs: FileBlobs) -> None:
    name = await blobs.put(b"picture")
    path = tmp_path / name[:2] / name
    assert path.stat().st_mtime == 1000.0
    assert await blobs.older_than(0) == [name]
    assert await blobs.older_than(1) == []
    blobs.remove_old(name, 1)
    assert path.exists()
    os.utime(path, (10, 10))
    blobs.remove_old(name, 1)
    assert not path.exists()
    blobs.remove_old(name, 1)
